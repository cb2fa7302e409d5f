"""URLs of the approvals."""

from django.urls import path

from crm.approvals import views

app_name = "approvals"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("mine/", views.mine, name="mine"),
    path("<uuid:public_id>/decide/", views.decide, name="decide"),
    path("<uuid:public_id>/withdraw/", views.withdraw, name="withdraw"),
]
