"""What a chart is made of, and the table with the same numbers.

A chart's data is a plain dict, shown as JSON to static/js/chart.js:
    kind        "line" | "bar" | "stack" | "waterfall"
    x           labels, list of text
    series      list of {name, values (list of number or None), role: "mine" | "peer" | "" }
    forecast    optional index of the first forecast point of the first series (drawn dashed)
    band        optional {name, low, high}: lists as long as x, None where there is no band
    thresholds  optional list of {at, label, axis: "y" | "x", tone: "warn" | ""};
                `at` is a value on y, an index into x on x
    places      decimals shown (default 1)
For a waterfall there is one series; its last value is the total, the others are steps.
"""

from django.utils.translation import gettext as _

from crm.look.figures import UNKNOWN, number


def chart_table(data: dict) -> dict:
    """Head and rows of a chart's table: one row per x, one column per series, then the band."""
    places = data.get("places", 1)
    columns = [(series["name"], series["values"]) for series in data["series"]]
    band = data.get("band")
    if band:
        name = band.get("name", "")
        columns += [(_("%(name)s, low") % {"name": name}, band["low"])]
        columns += [(_("%(name)s, high") % {"name": name}, band["high"])]
    for name, values in columns:
        if len(values) != len(data["x"]):
            raise ValueError(f"Chart column {name!r} has {len(values)} values for {len(data['x'])} labels.")
    rows = [
        (
            label,
            [UNKNOWN if values[place] is None else number(values[place], places) for _n, values in columns],
        )
        for place, label in enumerate(data["x"])
    ]
    return {"head": [name for name, _values in columns], "rows": rows}
