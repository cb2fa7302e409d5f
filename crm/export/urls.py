"""URLs of files."""

from django.urls import path

from crm.export import views

app_name = "exports"
urlpatterns = [
    path("", views.files, name="list"),
    path("new/<slug:what>/", views.ask, name="ask"),
    path("<uuid:public_id>/", views.download, name="download"),
]
