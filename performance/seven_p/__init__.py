"""The seven P: pure Polars, input columns → output columns; one file each, listed here in the order they run.

Later ones read the columns of earlier ones (Prospecting those of Profiling, Persistency, Profitability).
Importing this package starts Polars' threads: only tasks do, never the Celery parent (docs/analyses.md).
"""

from performance.seven_p import (
    performance,
    persistency,
    product,
    profiling,
    profitability,
    promotion,
    prospecting,
)

SEVEN_P = (
    ("profiling", profiling.compute),
    ("persistency", persistency.compute),
    ("profitability", profitability.compute),
    ("performance", performance.compute),
    ("prospecting", prospecting.compute),
    ("product", product.compute),
    ("promotion", promotion.compute),
)
