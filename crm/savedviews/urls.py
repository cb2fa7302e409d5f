"""URLs of saved views."""

from django.urls import path

from crm.savedviews import views

app_name = "views"
urlpatterns = [
    path("new/<slug:of>/", views.new, name="new"),
    path("<uuid:public_id>/", views.edit, name="edit"),
    path("<uuid:public_id>/delete/", views.delete, name="delete"),
    path("<uuid:public_id>/restore/", views.restore, name="restore"),
]
