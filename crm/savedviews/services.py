"""Writing saved views: keep, change, delete, bring back; and the tabs a list shows."""

from hashlib import sha256
from urllib.parse import parse_qsl

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.savedviews.models import MOST_OF_ONE, SavedView
from crm.savedviews.registry import SavedList

COUNT_SECONDS = 600
MOST_SHOWN = 20


class ViewRefused(ValueError):
    """The view cannot be kept; the message says why and what to do."""


def keep(user, saved_list: SavedList, query: str, *, name: str, branch_path: str) -> SavedView:
    """Keep a filter under a name. Raises ViewRefused for an empty filter, a name in use, or too many."""
    clean = saved_list.clean(QueryDict(query))
    if not parse_qsl(clean):
        raise ViewRefused(_("This list has no condition to keep: filter, sort or search first."))
    mine = SavedView.objects.filter(owner=user, list=saved_list.code, deleted_at=None)
    if mine.count() >= MOST_OF_ONE:
        raise ViewRefused(
            _("You keep %(count)s views of this list already: delete one first.") % {"count": MOST_OF_ONE}
        )
    return _written(
        SavedView(owner=user, list=saved_list.code, name=name, query=clean, branch_path=branch_path)
    )


def change(view: SavedView, *, name: str, branch_path: str) -> SavedView:
    """Rename or share the owner's view. Raises ViewRefused for a name in use."""
    view.name, view.branch_path = name, branch_path
    return _written(view, "name", "branch_path")


def delete(view: SavedView) -> None:
    SavedView.objects.filter(pk=view.pk).update(deleted_at=timezone.now())


def restore(view: SavedView) -> SavedView:
    """Bring a deleted view back. Raises ViewRefused where its name is in use again."""
    view.deleted_at = None
    return _written(view, "deleted_at")


def tabs(user, saved_list: SavedList, query: str, as_of) -> list[dict]:
    """The views of a list for its reader: label, url, count, is_current, and who shares it."""
    rows = SavedView.objects.visible_to(user).filter(list=saved_list.code).select_related("owner")
    rows = list(rows.order_by("id")[:MOST_SHOWN])
    if not rows:
        return []
    counts = _counts(user, saved_list, rows, as_of)
    start = reverse(saved_list.url_name)
    return [
        {
            "view": row,
            "label": row.name,
            "url": f"{start}?{row.query}",
            "count": counts[row.query],
            "is_current": row.query == query,
            "is_shared": row.is_shared,
            "is_mine": row.owner_id == user.pk,
            "shared_by": "" if row.owner_id == user.pk else row.owner.name,
        }
        for row in rows
    ]


def _counts(user, saved_list, rows, as_of):
    """What each view shows to this reader, kept for ten minutes."""
    keys = {row.query: f"view-count:{saved_list.code}:{user.pk}:{as_of}:{_mark(row.query)}" for row in rows}
    known = cache.get_many(keys.values())
    fresh = {
        key: saved_list.count(user, QueryDict(query), as_of)
        for query, key in keys.items()
        if key not in known
    }
    if fresh:
        cache.set_many(fresh, COUNT_SECONDS)
    return {query: (known | fresh)[key] for query, key in keys.items()}


def _mark(query: str) -> str:
    return sha256(query.encode()).hexdigest()[:32]


def _written(view: SavedView, *columns: str) -> SavedView:
    try:
        with transaction.atomic():
            view.save(update_fields=columns or None)
    except IntegrityError:
        raise ViewRefused(_("You have a view of this name already: choose another.")) from None
    return view
