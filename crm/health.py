"""Is this process alive, and does it reach its database?"""

from django.db import connection
from django.http import JsonResponse


def live(request):
    """Answer 200 when the database answers `SELECT 1`; PlainFaults answers 503 when it does not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
