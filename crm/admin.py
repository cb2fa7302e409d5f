"""The feed's ledger and the log of changes in the administrators' site."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

import crm.signin.admin  # noqa: F401 (takes allauth's tables out)
from crm.feed.models import FeedFile, FeedLoad
from crm.records import ReadOnlyInline, ReadOnlyRecord


class FeedFileInline(ReadOnlyInline):
    model = FeedFile
    fields = ["record", "rows", "bad_rows", "seconds", "digest"]


@admin.register(FeedLoad)
class FeedLoadAdmin(ReadOnlyRecord):
    list_display = ["business_date", "since", "state", "progress", "rows", "bad_rows", "started_at", "page"]
    list_filter = ["state"]
    inlines = [FeedFileInline]

    @admin.display(description=_("report"))
    def page(self, load):
        return format_html('<a href="{}">{}</a>', reverse("feed"), _("open"))


@admin.register(FeedFile)
class FeedFileAdmin(ReadOnlyRecord):
    list_display = ["load", "record", "rows", "bad_rows", "seconds"]
    list_filter = ["record"]
    list_select_related = ["load"]


@admin.register(LogEntry)
class ChangeLogAdmin(ReadOnlyRecord):
    """Who changed what in this site."""

    list_display = ["action_time", "user", "content_type", "object_repr", "action_flag", "get_change_message"]
    list_filter = ["action_flag"]
    list_select_related = ["user", "content_type"]
    search_fields = ["=user__username", "object_repr"]
