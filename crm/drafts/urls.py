"""URLs of drafts."""

from django.urls import path

from crm.drafts import views

app_name = "drafts"
urlpatterns = [
    path("<str:form>/", views.save, name="save"),
    path("<str:form>/drop/", views.drop, name="drop"),
]
