"""The addresses of signing in. allauth and Django ask for some by name; only those the bank uses exist."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import include, path, re_path

from crm.signin import views

own = (
    [
        path("second-factor/", views.enrol, name="enrol"),
        path("sign-ins/end/", views.end, name="end"),
        path("sign-ins/stay/", views.stay, name="stay"),
        path("staff-sign-in/", views.staff, name="staff"),
        path("staff-sign-in/<uuid:public_id>/unlock/", views.unlock, name="unlock"),
        path("staff-sign-in/<uuid:public_id>/reset/", views.reset, name="reset"),
    ],
    "signin",
)
urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("login/", account.login, name="login"),
    path("login/code/", mfa.authenticate, name="mfa_authenticate"),
    path("login/disabled/", account.account_inactive, name="account_inactive"),
    path("logout/", views.sign_out, name="account_logout"),
    path("logout/", views.sign_out, name="logout"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("confirm/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("confirm/key/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("password/", views.change_password, name="account_change_password"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("sign-ins/", views.mine, name="usersessions_list"),
    path("sign-ins/", views.mine, name="mfa_index"),
    path("sign-ins/", views.mine, name="mfa_list_webauthn"),
    path("second-factor/app/", views.add_app, name="mfa_activate_totp"),
    path("second-factor/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("second-factor/codes/", views.recovery_codes, name="mfa_view_recovery_codes"),
    path("second-factor/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("second-factor/keys/add/", views.add_key, name="mfa_add_webauthn"),
    path("second-factor/keys/<int:pk>/name/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("second-factor/keys/<int:pk>/remove/", views.remove_key, name="mfa_remove_webauthn"),
    path("", include(own)),
]
