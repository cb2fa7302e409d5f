"""What conduct costs in a quarter: deductions for findings, and vetoes."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import Count

from performance.flows import Window
from performance.models import Deduction, Veto
from performance.scoring import Rules


def deductions(window: Window, rules: Rules) -> dict[int, Decimal]:
    """Return manager id → points to deduct for findings of the days scored, before the rules' cap."""
    found = Deduction.objects.filter(found_on__gte=window.start, found_on__lt=window.upto).order_by()
    points = defaultdict(Decimal)
    for manager, severity, count in found.values_list("manager", "severity").annotate(n=Count("pk")):
        points[manager] += count * rules.number("deductions", severity)
    return dict(points)


def vetoed(window: Window) -> frozenset[int]:
    """Return the ids of the managers with a confirmed veto in the quarter."""
    found = Veto.objects.filter(period__code=window.code)
    return frozenset(found.values_list("manager_id", flat=True))
