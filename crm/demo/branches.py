"""The branch tree: head office, tier-1 branches, sub-branches, outlets."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from crm.demo.dice import Dice
from crm.demo.words import BANK, COMPOUNDS, DISTRICTS, ROADS

HEAD_OFFICE = "QH"
HEAD_OFFICE_ROW = (HEAD_OFFICE, f"{BANK}总行", "head_office", "urban", None, date(1997, 5, 18))
CUSTOMERS_PER_SITE = 500


@dataclass(frozen=True)
class Branches:
    """Sites are the sub-branches, where customers and managers are; the first of a tier-1 branch is its
    business department. `outlet[site]` is the row of the site's outlet, or −1."""

    frame: pl.DataFrame
    codes: np.ndarray  # by row of `frame`
    names: np.ndarray
    site_rows: np.ndarray  # rows of the sites
    site_tier1: np.ndarray  # position of each site's tier-1 branch
    tier1_rows: np.ndarray
    centres: np.ndarray  # site that is the business department, by tier-1 position
    outlet: np.ndarray

    @property
    def sites(self) -> int:
        return len(self.site_rows)


def build(customers: int, dice: Dice) -> Branches:
    """Return a tree sized for `customers`: 2–12 tier-1 branches, a site for about 500 customers."""
    rng = dice("branches")
    tier1 = int(np.clip(round(customers / 4000) + 2, 2, len(DISTRICTS)))
    sites = int(np.clip(round(customers / CUSTOMERS_PER_SITE), tier1, 240))
    rows = [HEAD_OFFICE_ROW]
    tier1_rows, site_rows, site_tier1, centres, outlet = [], [], [], [], []
    for position in range(tier1):
        code = f"{position + 1:02d}"
        # town first, then the edge, then the counties
        kind = ("urban", "suburban", "county")[min(2, position * 3 // tier1)]
        tier1_rows.append(len(rows))
        rows.append((code, f"{DISTRICTS[position]}分行", "tier1_branch", kind, HEAD_OFFICE, date(1999, 3, 1)))
        own = sites // tier1 + (position < sites % tier1)
        roads = rng.permutation(len(ROADS))
        for step in range(own):
            site_rows.append(len(rows))
            site_tier1.append(position)
            if step == 0:
                centres.append(len(site_rows) - 1)
            number = (step - 1) // len(ROADS) + 1
            suffix = "" if number == 1 else f"{number}"
            name = f"{ROADS[roads[(step - 1) % len(ROADS)]]}路{suffix}支行" if step else "营业部"
            rows.append(
                (
                    f"{code}{step:03d}",
                    f"{DISTRICTS[position]}分行营业部" if step == 0 else f"{DISTRICTS[position]}{name}",
                    "sub_branch",
                    kind if step < 2 or kind == "county" else ("urban", "suburban")[int(rng.random() < 0.4)],
                    code,
                    date(2001 + int(rng.integers(0, 15)), int(rng.integers(1, 13)), 8),
                )
            )
            outlet.append(-1)
            if step % 2 == 1:
                outlet[-1] = len(rows)
                place = COMPOUNDS[int(rng.integers(0, len(COMPOUNDS)))]
                rows.append(
                    (
                        f"{code}{step:03d}A",
                        f"{DISTRICTS[position]}{place}社区网点",
                        "outlet",
                        rows[-1][3],
                        f"{code}{step:03d}",
                        date(2016 + int(rng.integers(0, 6)), int(rng.integers(1, 13)), 18),
                    )
                )
    columns = ["code", "name", "kind", "class", "parent", "opened_on"]
    frame = pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        closed_on=pl.lit(None, dtype=pl.Date)
    )
    return Branches(
        frame=frame,
        codes=frame["code"].to_numpy(),
        names=frame["name"].to_numpy(),
        site_rows=np.array(site_rows),
        site_tier1=np.array(site_tier1),
        tier1_rows=np.array(tier1_rows),
        centres=np.array(centres),
        outlet=np.array(outlet),
    )
