"""One settings file, by environment, failing closed.

Without DATABASE_URL and REDIS_URL this is the embedded bank of `make run` (crm/embedded); with them it is
production, where a secret key and host names are compulsory.
"""

from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONCE
from django.utils.translation import gettext_lazy as _

from crm import embedded
from crm.env import SettingError, database_settings, env, env_flag
from crm.ops.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where this runs ---------------------------------------------------------------------------------------
DATABASES = {"default": database_settings(env("DATABASE_URL") or embedded.database_url())}
# Embedded means the launcher's own server, told by its socket folder: no variable can claim it.
EMBEDDED = DATABASES["default"]["HOST"] == database_settings(embedded.database_url())["HOST"]
DEBUG = env_flag("DEBUG")
if DEBUG and not EMBEDDED:
    raise SettingError("DEBUG is on with a DATABASE_URL of your own: it shows data in error pages. Unset it.")

SECRET_KEY = env("SECRET_KEY") or (embedded.secret_key() if EMBEDDED else None)
if not SECRET_KEY:
    raise SettingError("SECRET_KEY is not set: put 50 random characters into it or into SECRET_KEY_FILE.")
SECRET_KEY_FALLBACKS = [key for key in (env("SECRET_KEY_FALLBACKS") or "").split(",") if key]
ALLOWED_HOSTS = [host for host in (env("ALLOWED_HOSTS") or "").split(",") if host]
if EMBEDDED:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]", "testserver"]
elif not ALLOWED_HOSTS:
    raise SettingError("ALLOWED_HOSTS is not set: name the bank's host names, separated by commas.")
CSRF_TRUSTED_ORIGINS = [origin for origin in (env("CSRF_TRUSTED_ORIGINS") or "").split(",") if origin]

REDIS_URL = env("REDIS_URL") or embedded.redis_url()
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# --- What it is made of ------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "crm.adminconfig.BankAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "pgtrigger",
    "pghistory",
    "crm",
    "managers",
    "customers",
    "service",
    "marketing",
    "performance",
]
MIDDLEWARE = [
    "crm.ops.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "crm.middleware.PlainFaults",
    "crm.middleware.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm.wall.middleware.RowScope",
    "crm.signin.middleware.SessionLimits",
    "crm.http.FragmentLogin",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "crm.signin.middleware.SecondFactor",
    "crm.history.middleware.HistoryContext",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "crm.replay.middleware.FormsCountOnce",
]
# What happened with a customer: tuples of customers.events.Source, one of each app.
TIMELINE_SOURCES = [
    "customers.event_sources.SOURCES",
    "service.events.SOURCES",
    "marketing.events.SOURCES",
]
NAV_COUNTS = ["customers.context_processors.rail_counts", "crm.approvals.selectors.rail_counts"]
ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["crm.templatetags.ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.navigation.navigation",
                "crm.signin.context.limits",
                "customers.context_processors.published",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Who may come in (docs/security.md, G14 to G16) ---------------------------------------------------------
AUTH_USER_MODEL = "managers.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
# The demo bank asks nobody to enrol a second factor. Outside the embedded bank nothing can switch that on.
DEMO_SIGN_IN = env_flag("DEMO_SIGN_IN", default=EMBEDDED)
if DEMO_SIGN_IN and not EMBEDDED:
    raise SettingError("DEMO_SIGN_IN is on with a DATABASE_URL of your own: no second factor. Unset it.")
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600  # seconds that a link for a new password is good for
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it refuses a locked account before any password is tried
    "allauth.account.auth_backends.AuthenticationBackend",
]
SESSION_COOKIE_AGE = 60 * int(env("SESSION_MINUTES", "540"))  # after sign-in, however busy
SESSION_IDLE_SECONDS = 60 * int(env("SESSION_IDLE_MINUTES", "10"))
SESSION_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # messages name customers

ACCOUNT_ADAPTER = "crm.signin.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]  # for allauth's checks; there is no sign-up
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "crm.signin.forms.StaffLoginForm"}
ACCOUNT_SESSION_REMEMBER = False  # the cookie ends with the browser
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_LOGOUT_REDIRECT_URL = "login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# By account in the database (axes), never by address: a branch shares one.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reset_password_from_key": None}
MFA_ADAPTER = "crm.signin.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "crm.signin.forms.CodeForm",
    "reauthenticate": "crm.signin.forms.CodeAgainForm",
}
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Guanhu"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED
USERSESSIONS_TRACK_ACTIVITY = False

AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_USERNAME_CALLABLE = "crm.signin.lockout.counted_name"
AXES_CLIENT_IP_CALLABLE = "crm.signin.lockout.counted_address"
AXES_LOCKOUT_CALLABLE = "crm.signin.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else anybody could keep a colleague out for ever
AXES_DISABLE_ACCESS_LOG = True  # crm.audit records sign-ins
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["login", "password", "code", "csrfmiddlewaretoken", "next", "ip_address"]
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # wants locks by address: they would lock a whole branch

# --- What browsers are told --------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", NONCE],
        "style-src": ["'self'", NONCE],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
if not EMBEDDED:  # the embedded bank speaks plain http on the loopback address only
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-language"
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # the container's own health check and the monitoring beside it ask over plain http
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^internal/metrics$"]

# --- Language, time, files ---------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "crm.staticfiles.NodeModulesFinder",
]
# Hashed names unless a test runs: collectstatic is no part of a test.
HASHED_STATIC = not env_flag("GUANHU_PLAIN_STATIC")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if HASHED_STATIC
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not HASHED_STATIC
WHITENOISE_AUTOREFRESH = not HASHED_STATIC  # else each client of a test lists every file
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# --- Work in the background --------------------------------------------------------------------------------
CELERY_BROKER_URL = embedded.broker_url(REDIS_URL)
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_IGNORE_RESULT = True  # PostgreSQL holds the state of every step; the broker only carries work
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 1500, 1800
# customers in one step of a night, of which it has 2 to 16
NIGHT_SHARD_CUSTOMERS = 100_000
CELERY_BEAT_SCHEDULE = {
    "night": {"task": "performance.start_night", "schedule": crontab(hour=1, minute=0)},
    "night-reconciler": {"task": "performance.reconcile_nights", "schedule": 20.0},
    "tidy-forms-and-files": {"task": "crm.tidy_forms_and_files", "schedule": crontab(minute="*/10")},
}

# --- The feed: record types in the order they load; each app declares its own (docs/feed.md) ----------------
FEED_RECORDS = [
    "managers.feed.RECORDS",
    "customers.feed.RECORDS",
    "service.feed.RECORDS",
    "marketing.feed.RECORDS",
    "performance.feed.RECORDS",
]

# --- History and audit (docs/security.md, G9 and G10) -------------------------------------------------------
# The header in which the bank's own server in front tells the client's address, e.g. "HTTP_X_REAL_IP"; empty:
# the peer's address. Name it only if that server overwrites what clients send.
CLIENT_ADDRESS_HEADER = env("CLIENT_ADDRESS_HEADER", "")
# The heads of the chain over history, one a line: carry it to a server that others keep (docs/operations.md).
HISTORY_HEADS = env("HISTORY_HEADS") or BASE_DIR / "var" / "history" / "heads.jsonl"
HISTORY_SEALED_WITHIN = 3600  # seconds; above it /readyz says so
CELERY_BEAT_SCHEDULE["seal-history"] = {"task": "crm.seal_history", "schedule": 300.0}

# --- Four eyes, forms that count once, files that leave (crm.approvals, crm.replay, crm.export) -------------
CELERY_IMPORTS = ["crm.approvals.tasks", "crm.export.tasks", "crm.history.tasks"]
APPROVAL_KINDS = [  # what can be asked; each app declares its own
    "crm.export.approval.KINDS",
    "managers.approvals.KINDS",
    "customers.approvals.KINDS",
    "customers.erasing.KINDS",
    "performance.approvals.KINDS",
    "performance.decisions.KINDS",
]
APPROVAL_ADDITIONS = ["performance.approvals.ADDITIONS"]  # what upper apps know about lower apps' kinds
APPROVAL_DAYS = 14  # a request that nobody decides lapses
SENT_FORM_HOURS = 24  # a form's key is known so long
EXPORTS = ["customers.exports.EXPORTS", "performance.exports.EXPORTS", "crm.audit.exports.EXPORTS"]
EXPORT_ALONE_ROWS = 200  # above it a file needs a second person
EXPORT_MOST_ROWS = 500_000  # a longer list is narrowed first
EXPORT_IN_REQUEST_ROWS = 2_000  # a longer file is written by a worker
EXPORT_HOURS = 24  # then a file is deleted

# --- Personal data: keys, masks, reveals (docs/security.md) ------------------------------------------------
SECRET_KEYS_FILE = env("SECRET_KEYS_FILE") or (
    embedded.secret_keys() if EMBEDDED else "/run/secrets/guanhu_keys.json"
)
REVEAL_SECONDS = 30  # how long a revealed value stays on the screen
REVEALS_A_DAY = 30  # a person, until a supervisor grants as many again
KEPT_YEARS = 10  # after a customer has left, before his data may be erased

# --- Contacts, drafts, calendar (docs/contacts.md) ----------------------------------------------------------
CONTACT_BACKDATE_DAYS = int(env("CONTACT_BACKDATE_DAYS", "31"))  # how late a contact may be logged
CONTACT_EDIT_HOURS = int(env("CONTACT_EDIT_HOURS", "48"))  # how long its author may change it
DRAFT_DAYS = int(env("DRAFT_DAYS", "30"))  # an unsent draft is kept so long
# Whether a calendar that leaves the bank names customers; else it says their numbers.
CALENDAR_NAMES = env_flag("CALENDAR_NAMES", default=False)

# --- Operations: logs, health, metrics, retention (docs/operations.md) --------------------------------------
LOGGING = logging_config(json=not EMBEDDED, level=env("LOG_LEVEL", "INFO"))
# /readyz: an app adds a check, and to /internal/metrics a source, with one line each
READY_CHECKS = [
    "crm.ops.checks.database",
    "crm.ops.checks.migrations",
    "crm.ops.checks.broker",
    "crm.ops.checks.worker",
    "crm.ops.checks.beat",
    "performance.monitoring.night",
    "crm.history.monitoring.history",
]
READY_NEEDS = {"database", "migrations"}  # without the others pages still answer
METRIC_SOURCES = [
    "crm.ops.metrics.connections",
    "crm.ops.metrics.queue",
    "crm.ops.metrics.processes",
    "crm.ops.metrics.feed",
    "performance.monitoring.nights",
    "crm.history.monitoring.sealing",
]
SILENCE_SECONDS = int(env("SILENCE_SECONDS", "20"))  # without a sign of life a worker or beat counts as away
CELERY_BEAT_SCHEDULER = "crm.ops.alive:Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5  # seconds
METRICS_TOKEN = env("METRICS_TOKEN")  # unset: only from this machine, and never through a proxy
# `manage.py retain`: what goes when it is older; an app adds its class with one line
RETENTION_RULES = [
    "crm.ops.retention.SESSIONS",
    "crm.ops.retention.FEED_REPORTS",
    "crm.ops.retention.AUDIT",
    "crm.drafts.services.RETENTION",
    "performance.housekeeping.RETENTION",
]
NIGHTS_KEPT = int(env("NIGHTS_KEPT", "35"))  # the tables of so many nights, and of so many month-ends before
NIGHT_MONTH_ENDS_KEPT = int(env("NIGHT_MONTH_ENDS_KEPT", "84"))
FEED_REPORTS_KEPT_DAYS = int(env("FEED_REPORTS_KEPT_DAYS", "180"))
AUDIT_KEPT_YEARS = int(env("AUDIT_KEPT_YEARS", "10"))
CELERY_BEAT_SCHEDULE["retain"] = {"task": "crm.retain", "schedule": crontab(hour=4, minute=30)}
