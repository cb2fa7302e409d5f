"""Who is compared with whom: line × branch class × tercile of the portfolio, widened when small."""

import polars as pl


def peer_groups(managers: pl.DataFrame, *, least: int) -> pl.DataFrame:
    """Return manager_id, peer_group (str): the narrowest group that has `least` members, else the line.

    `managers`: manager_id, line, branch_class, portfolio (average deposits and loans, fen). Terciles are
    taken within line and branch class, ties by manager_id. Source: domain.md §1, fairness.
    """
    block = ["line", "branch_class"]
    rank = pl.struct("portfolio", "manager_id").rank("ordinal").over(block)
    placed = managers.with_columns(((rank - 1) * 3 // pl.len().over(block)).alias("tercile"))
    narrow = pl.concat_str("line", "branch_class", "tercile", separator="/")
    middle = pl.concat_str("line", "branch_class", separator="/")
    return placed.select(
        "manager_id",
        pl.when(pl.len().over(*block, "tercile") >= least)
        .then(narrow)
        .when(pl.len().over(block) >= least)
        .then(middle)
        .otherwise("line")
        .alias("peer_group"),
    )
