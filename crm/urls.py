"""Every address of the product; apps are named by string."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView
from django.views.i18n import set_language

from crm import health, styleguide
from crm.audit import views as audit
from crm.feed import views as feed
from crm.history import views as history
from crm.ops import views as ops
from crm.signin.urls import urlpatterns as signin

urlpatterns = [
    path("healthz", never_cache(login_not_required(health.live)), name="healthz"),
    path("readyz", never_cache(login_not_required(ops.ready)), name="readyz"),
    path("internal/metrics", never_cache(login_not_required(ops.figures)), name="metrics"),
    path("", include(signin)),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("admin/", admin.site.urls),
    path("home/", RedirectView.as_view(pattern_name="customers:home"), name="home"),
    path("feed/", feed.feed, name="feed"),
    path("audit/", audit.search, name="audit"),
    path("changes/<str:label>/<str:ident>/", history.record_changes, name="changes"),
    path("approvals/", include("crm.approvals.urls")),
    path("files/", include("crm.export.urls")),
    path("drafts/", include("crm.drafts.urls")),
    path("views/", include("crm.savedviews.urls")),
    path("", include("customers.urls")),
    path("", include("performance.urls")),
]
if settings.DEBUG:
    urlpatterns.append(path("styleguide/", styleguide.styleguide))
