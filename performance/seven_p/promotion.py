"""Promotion 客户促销分析: what moves them?

Question
    How likely does the customer answer an invitation, over which channel best, and should he be left alone?

Formula
    response = (r + 25·m)/(n + 25) with n invitations of the last 24 months, r answers, m the rate of his
    kind; best channel: the same per channel, the largest wins, a draw goes to the lower number. Rest when
    contacted `max_contacts` times in 30 days, or without consent.

Not enough data
    Nobody of his kind was invited yet, so there is no m: have 0 of 1 invitation.

Source
    domain.md §2 (shrinkage and fatigue ◇).
"""

from datetime import date

import polars as pl

from performance.seven_p.common import SMALLINT, answer


def compute(frame: pl.DataFrame, as_of: date, settings: dict) -> pl.DataFrame:
    """Return promotion_*: response 0–1, invited, responded, channel, contacts (30 days), rest.

    Needs: is_person, consent, contacts_30, invited and responded (counts by channel, `bits` for each, in the
    order of settings["channels"]). settings["rates"]: (is_person, channel, rate); channel null: the whole, m.
    """
    prior, channels = settings["prior"], settings["channels"]
    rates = settings["rates"]
    whole = rates.filter(pl.col("channel").is_null()).select("is_person", m="rate")
    frame = frame.join(whole, on="is_person", how="left", maintain_order="left")
    names = []
    for position, channel in enumerate(channels):
        name = f"rate_{channel}"
        of_channel = rates.filter(pl.col("channel") == channel).select(
            "is_person", pl.col("rate").alias(name)
        )
        frame = frame.join(of_channel, on="is_person", how="left", maintain_order="left")
        r, n = (_count(counts, position, settings["bits"]) for counts in ("responded", "invited"))
        frame = frame.with_columns(((r + prior * pl.col(name)) / (n + prior)).alias(name))
        names.append(name)
    r, n = (
        pl.sum_horizontal(
            pl.lit(0), *(_count(counts, place, settings["bits"]) for place in range(len(channels)))
        )
        for counts in ("responded", "invited")
    )
    best = pl.lit(None, dtype=pl.Int16)
    for channel, name in reversed(list(zip(channels, names, strict=True))):
        best = pl.when(pl.col(name) == pl.max_horizontal(*names)).then(channel).otherwise(best)
    return answer(
        frame,
        "promotion",
        as_of,
        ok=pl.col("m").is_not_null(),
        have=n,
        need=1,
        values={
            "response": (r + prior * pl.col("m")) / (n + prior),
            "invited": n.clip(0, SMALLINT).cast(pl.Int16),
            "responded": r.clip(0, SMALLINT).cast(pl.Int16),
            "channel": best.cast(pl.Int16),
            "contacts": pl.col("contacts_30").clip(0, SMALLINT).cast(pl.Int16),
            "rest": (pl.col("contacts_30") >= settings["max_contacts"]) | ~pl.col("consent"),
        },
    )


def _count(counts: str, place: int, bits: int) -> pl.Expr:
    return (pl.col(counts) // (1 << place * bits)) & ((1 << bits) - 1)
