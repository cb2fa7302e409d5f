"""The rail: one explicit tuple of entries, by role. An entry whose URL does not exist yet is not shown.

Counts come from the functions named in settings.NAV_COUNTS (dotted paths; `user -> {url name: int}`), asked
at most once a minute for each user.
"""

from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.core.cache import cache
from django.urls import NoReverseMatch, resolve, reverse
from django.urls.exceptions import Resolver404
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

MANAGER = frozenset({"manager"})
SUPERVISOR = frozenset({"supervisor"})
BACK_OFFICE = frozenset({"back_office"})
ADMIN = frozenset({"admin"})
READERS = frozenset({"admin", "auditor"})
EVERYBODY = MANAGER | SUPERVISOR | BACK_OFFICE | ADMIN
COUNTS_SECONDS = 60
ME_SECONDS = 300
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Entry:
    section: str
    url_name: str
    icon: str
    label: str
    roles: frozenset
    tab: str = ""  # its short name among the phone's five tabs


WORK, MINE, BRANCH, CLOSE, ADMINISTRATION = (
    _("Work"),
    _("Mine"),
    _("Branch"),
    _("Closing"),
    _("Administration"),
)
ENTRIES = (
    Entry(WORK, "customers:today", "list-todo", _("Today"), MANAGER, tab=_("Today")),
    Entry(WORK, "customers:book", "users", _("Customers"), MANAGER, tab=_("Customers")),
    Entry(WORK, "customers:tasks", "list-checks", _("Tasks"), MANAGER),
    Entry(WORK, "customers:calendar", "calendar", _("Calendar"), MANAGER),
    Entry(WORK, "marketing:opportunities", "target", _("Opportunities"), MANAGER),
    Entry(WORK, "marketing:campaigns", "megaphone", _("Marketing"), MANAGER),
    Entry(WORK, "service:requests", "ticket", _("Requests"), MANAGER | BACK_OFFICE),
    Entry(WORK, "customers:watchlist", "shield", _("Risk"), MANAGER),
    Entry(MINE, "performance:my_scorecard", "gauge", _("My score"), MANAGER, tab=_("Scores")),
    Entry(MINE, "customers:feedback", "message-square", _("Feedback"), MANAGER),
    Entry(WORK, "customers:pool", "user-round", _("Pool"), MANAGER),
    Entry(MINE, "customers:handovers", "arrow-left-right", _("Hand-overs"), MANAGER),
    Entry(MINE, "customers:leave", "calendar", _("Leave and cover"), MANAGER),
    Entry(MINE, "approvals:mine", "file-text", _("My requests"), EVERYBODY),
    Entry(
        BRANCH,
        "performance:branch_board",
        "chart-column",
        _("Branch board"),
        SUPERVISOR | READERS,
        tab=_("Board"),
    ),
    Entry(BRANCH, "approvals:inbox", "check", _("Approvals"), SUPERVISOR | READERS),
    Entry(BRANCH, "customers:tasks", "list-checks", _("Overdue tasks"), SUPERVISOR | READERS),
    Entry(BRANCH, "customers:feedback", "message-square", _("Feedback"), SUPERVISOR | READERS),
    Entry(BRANCH, "customers:book", "users", _("Customers"), SUPERVISOR | READERS, tab=_("Customers")),
    Entry(BRANCH, "performance:scorecards", "gauge", _("Team scores"), SUPERVISOR | READERS, tab=_("Scores")),
    Entry(BRANCH, "customers:pool", "user-round", _("Pool"), SUPERVISOR | READERS),
    Entry(BRANCH, "customers:handovers", "arrow-left-right", _("Hand-overs"), SUPERVISOR | READERS),
    Entry(BRANCH, "customers:leave", "calendar", _("Leave and cover"), SUPERVISOR | READERS),
    Entry(BRANCH, "customers:watchlist", "shield", _("Risk watch"), SUPERVISOR),
    Entry(BRANCH, "service:complaints", "ticket", _("Complaints and deadlines"), SUPERVISOR),
    Entry(BRANCH, "customers:reveals", "lock", _("Revealed values"), SUPERVISOR | READERS),
    Entry(BRANCH, "signin:staff", "key-round", _("Staff sign-in"), SUPERVISOR),
    Entry(CLOSE, "performance:close", "lock", _("Quarter close"), SUPERVISOR),
    Entry(ADMINISTRATION, "performance:nights", "moon", _("The night"), READERS, tab=_("Night")),
    Entry(ADMINISTRATION, "feed", "file-text", _("Data loads"), READERS),
    Entry(ADMINISTRATION, "audit", "shield", _("Audit"), READERS),
    Entry(ADMINISTRATION, "admin:managers_branch_changelist", "network", _("Branch tree"), ADMIN),
    Entry(ADMINISTRATION, "admin:managers_user_changelist", "users", _("Staff and roles"), ADMIN),
    Entry(ADMINISTRATION, "signin:staff", "key-round", _("Staff sign-in"), ADMIN),
    Entry(ADMINISTRATION, "admin:index", "database", _("All records"), ADMIN),
)


def navigation(request):
    """Context: `nav` (groups of items with url, icon, label, count, is_current), `nav_tabs`, `theme`."""
    theme = request.COOKIES.get("theme", "")
    items = SimpleLazyObject(partial(_items, request))
    return {
        "nav": SimpleLazyObject(lambda: _grouped(items)),
        "nav_tabs": SimpleLazyObject(lambda: [item for item in items if item["tab"]][:3]),
        "me": SimpleLazyObject(partial(_me, getattr(request, "user", None))),
        "theme": theme if theme in THEMES else "",
        "search_url": _url("customers:search"),
        "quick_url": _url("customers:search_quick"),
        "set_language_url": _url("set_language"),
        "logout_url": _url("logout"),
    }


def pages_named(request, words: str) -> list[dict]:
    """The entries of this user's rail whose name holds `words`, two characters at least."""
    words = words.lower()
    return [item for item in _items(request) if len(words) > 1 and words in str(item["label"]).lower()]


def _me(user):
    """Post and branch of the signed-in user in words, kept for five minutes: every page shows them."""
    if not user or not user.is_authenticated:
        return {}
    key = f"nav-me:{user.pk}:{get_language()}"
    me = cache.get(key)
    if me is None:
        manager = getattr(user, "manager", None)
        branch = getattr(user, "branch", None)
        words = (manager.get_grade_display(), manager.get_line_display()) if manager else ()
        me = {
            "post": " · ".join(map(str, words)) or str(user.get_role_display()),
            "branch": str(getattr(branch, "name", "")),
        }
        cache.set(key, me, ME_SECONDS)
    return me


def _items(request):
    user = getattr(request, "user", None)
    role = getattr(user, "role", None)
    if not user or not user.is_authenticated:
        return []
    counts = _counts(user)
    here = _current_name(request)
    return [
        {
            "section": entry.section,
            "url": _url(entry.url_name),
            "icon": entry.icon,
            "label": entry.label,
            "tab": entry.tab,
            "count": counts.get(entry.url_name),
            "is_current": _is_current(entry.url_name, here),
        }
        for entry in ENTRIES
        if role in entry.roles and _url(entry.url_name)
    ]


def _grouped(items):
    groups = {}
    for item in items:
        groups.setdefault(item["section"], []).append(item)
    return list(groups.items())


def _url(name):
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _current_name(request):
    try:
        return (getattr(request, "resolver_match", None) or resolve(request.path_info)).view_name
    except Resolver404:
        return ""


def _is_current(entry_name, here):
    """The page itself, or a page under it: customers:detail belongs to customers:book."""
    return entry_name == here or entry_name in PARENTS.get(here, ())


SCORES = ("performance:my_scorecard", "performance:scorecards")
PARENTS = {
    "exports:list": ("approvals:mine",),
    "exports:ask": ("approvals:mine",),
    "signin:reset": ("signin:staff",),
    "customers:detail": ("customers:book",),
    "customers:search": ("customers:book",),
    "customers:log_contact": ("customers:book",),
    "customers:assign": ("customers:pool",),
    "customers:handover": ("customers:handovers",),
    "customers:handover_new": ("customers:handovers",),
    "customers:handover_protocol": ("customers:handovers",),
    "customers:leaver": ("customers:leave",),
    "customers:contacts": ("customers:book",),
    "customers:task_new": ("customers:book",),
    "customers:task_snooze": ("customers:today",),
    "customers:contact_edit": ("customers:book",),
    "performance:board_cases": ("performance:branch_board",),
    "performance:scorecard": SCORES,
    "performance:indicator": SCORES,
    "performance:night": ("performance:nights",),
}


def _counts(user):
    paths = getattr(settings, "NAV_COUNTS", ())
    if not paths:
        return {}
    key = _counts_key(user)
    counts = cache.get(key)
    if counts is None:
        counts = {name: count for path in paths for name, count in import_string(path)(user).items()}
        cache.set(key, counts, COUNTS_SECONDS)
    return counts


def forget_counts(user):
    """Count anew on the next page: the user has just settled or added something."""
    cache.delete(_counts_key(user))


def _counts_key(user):
    return f"nav-counts:{user.pk}"
