"""What surrounds every request: security headers, a limit on uploads, a plain answer without a database."""

from django.conf import settings
from django.db import OperationalError
from django.http import HttpResponse
from django.utils.deprecation import MiddlewareMixin


class SecurityHeaders:
    """`no-store` on every page (files are served before this), and what no page may use.

    The content policy is django-csp's: settings.CONTENT_SECURITY_POLICY.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers["Cache-Control"] = "no-store"
        return response


class UploadLimit:
    """A body above settings.UPLOAD_MOST_MB (a photo of 40 MB) is answered before a byte of it is read."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        told = request.META.get("CONTENT_LENGTH") or "0"
        if not told.isdecimal() or int(told) <= settings.UPLOAD_MOST_MB * 1024 * 1024:
            return self.get_response(request)
        return HttpResponse(
            f"文件太大：最多 {settings.UPLOAD_MOST_MB} MB。请缩小后再上传，其他内容没有保存。\n"
            f"Too large: {settings.UPLOAD_MOST_MB} MB at most. Make it smaller; nothing was saved.\n",
            status=413,
            content_type="text/plain; charset=utf-8",
        )


class PlainFaults(MiddlewareMixin):
    """A database that is away is a 503 with one sentence, not a stack trace."""

    def process_exception(self, request, exception):
        return database_away() if isinstance(exception, OperationalError) else None


def database_away() -> HttpResponse:
    """503 in one sentence."""
    return HttpResponse(
        "数据库暂时不可用，请一分钟后重试；若持续出现，请联系系统管理员。\n"
        "The database is away. Try again in a minute; if it stays so, call the administrator.\n",
        status=503,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": "60"},
    )
