"""Campaigns with a random control group and a true effect; opportunities by stage."""

import numpy as np
import polars as pl

from crm.demo import products
from crm.demo.contacts import lead_on
from crm.demo.dice import choose, fen, pick
from crm.demo.population import COMPANY, PERSON, PRIVATE_FROM, SOLE_TRADER, Population
from crm.demo.staff import Managers
from crm.demo.window import Window, dates

SEGMENTS = (
    ("SALARY", "代发客户"),
    ("WEALTHY", "高净值客户"),
    ("SENIOR", "银发客户"),
    ("YOUNG", "年轻客群"),
    ("MERCHANT", "小微商户"),
    ("FIRM", "企业客户"),
    ("SAVER", "储蓄型客户"),
)
# code, name, segment, product, starts (share of the window), days, response treated and control, goal
CAMPAIGNS = (
    ("C-SPRING", "开门红储蓄季", "SAVER", "TD012", 0.12, 45, 0.118, 0.055, "新增一年定期"),
    ("C-SALARY", "代发客户专属理财", "SALARY", "WM090", 0.3, 40, 0.095, 0.06, "首购稳享 90 天"),
    ("C-SENIOR", "重阳养老讲座", "SENIOR", "IN101", 0.45, 30, 0.082, 0.048, "养老年金意向"),
    ("C-YOUNG", "定投起步计划", "YOUNG", "FD301", 0.58, 60, 0.075, 0.03, "开通月定投"),
    ("C-MERCH", "商户收单减费", "MERCHANT", "SV201", 0.66, 60, 0.16, 0.09, "新装收单"),
    ("C-WEALTH", "私享资产配置会", "WEALTHY", "CD036", 0.78, 35, 0.19, 0.12, "大额存单签约"),
    ("C-SAVER", "秋收储蓄节", "SAVER", "TD036", 0.93, 60, 0.11, 0.06, "三年定期续存与新增"),
)  # fmt: skip


def segments() -> pl.DataFrame:
    return pl.DataFrame(SEGMENTS, schema=["code", "name"], orient="row")


def _members(population: Population, code: str, on: int) -> np.ndarray:
    person, age = population.person, population.age(on)
    return {
        "SALARY": population.salary > 0,
        "WEALTHY": person & (population.wealth >= PRIVATE_FROM / 4),
        "SENIOR": person & (age >= 55),
        "YOUNG": person & (age < 36),
        "MERCHANT": np.isin(population.kind, (SOLE_TRADER, COMPANY)) & ~population.large,
        "FIRM": population.kind >= COMPANY,
        "SAVER": person & (population.wealth >= 20_000),
    }[code]


def campaigns(
    population: Population, consent: np.ndarray, window: Window, dice
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (campaigns, invitations): a fifth of those chosen are not contacted, yet may respond."""
    length, rows, frames = window.last - window.first, [], []
    for number, (code, name, segment, product, starts, days, treated, control, goal) in enumerate(CAMPAIGNS):
        rng = dice("campaign", number)
        start = window.first + max(1, int(length * starts))
        end = start + days
        rows.append((code, name, segment, product, start, end, goal))
        chosen = np.flatnonzero(
            _members(population, segment, start) & consent & (population.since < start - 60)
        )
        chosen = np.sort(rng.permutation(chosen)[: max(60, int(len(chosen) * 0.75))])
        arm = rng.random(len(chosen)) < 0.8
        invited = start + rng.integers(0, min(12, days), len(chosen))
        warm = np.exp(rng.normal(0, 0.3, len(chosen)))
        responds = rng.random(len(chosen)) < np.where(arm, treated, control) * warm
        answered = np.minimum(invited + (rng.gamma(1.6, 6, len(chosen))).astype(int), end)
        digital = rng.random(len(chosen)) < population.digital[chosen]
        channel = np.where(digital, choose(rng, ("app", "wecom", "sms"), len(chosen), (50, 30, 20)),
                           choose(rng, ("phone", "sms", "visit"), len(chosen), (60, 30, 10)))  # fmt: skip
        value = fen(
            np.round(np.clip(population.wealth[chosen] * rng.uniform(0.05, 0.5, len(chosen)), 1_000, 3e6), -3)
        )
        frames.append(
            pl.DataFrame(
                {
                    "campaign": [code] * len(chosen),
                    "customer": population.numbers[chosen],
                    "arm": np.where(arm, "treatment", "control"),
                    "channel": np.where(arm, channel, ""),
                    "invited_on": dates(invited),
                    "responded_on": dates(answered, responds),
                    "value_fen": np.where(responds, value, 0),
                }
            )
        )
    listed = pl.DataFrame(
        rows, schema=["code", "name", "segment", "product", "starts_on", "ends_on", "goal"], orient="row"
    ).with_columns(pl.col("starts_on", "ends_on").cast(pl.Int32).cast(pl.Date))
    # a campaign is entered three weeks before it starts
    listed = listed.with_columns(_known=pl.col("starts_on").dt.offset_by("-21d"))
    return listed, pl.concat(frames)


INVITATION_EVENTS = {"invited_on": (), "responded_on": ("value_fen",)}

_STAGES = ("lead", "contact", "proposal", "approval")
_FOR_PERSONS = products.numbers("WM180", "WM365", "IN201", "FD301", "CD036", "LN201", "LN101", "PM101")
_FOR_FIRMS = products.numbers("LN401", "LN501", "SV101", "SV201", "TD012", "WM090", "LN601")
_LOST_BECAUSE = ("他行报价更优", "资金另有安排", "审批未通过", "客户暂缓", "风险等级不符")


def opportunities(population, managers: Managers, segments_, window, chosen: slice, rng) -> pl.DataFrame:
    """Return the feed's opportunities with the day of every stage in `_contact` … `_end`."""
    busy = np.where(population.kind[chosen] == PERSON, 0.1 + 0.3 * (population.wealth[chosen] > 300_000), 0.6)
    who = np.repeat(np.arange(chosen.start, chosen.stop), rng.poisson(busy * window.months / 12))
    opened = window.first + 1 + (rng.random(len(who)) ** 0.8 * (window.last - window.first - 1)).astype(int)
    opened = np.maximum(opened, population.since[who])
    (manager,) = lead_on(segments_, who, opened)
    who, opened, manager = (array[manager >= 0] for array in (who, opened, manager))
    count, firm = len(who), population.kind[who] >= COMPANY
    pace = np.exp(-0.15 * managers.skill[manager]) * np.where(firm, 1.7, 1.0)
    steps = np.maximum((rng.gamma(1.8, 6.5, (4, count)) * pace).astype(int), 1)
    reach = np.cumsum(steps, axis=0) + opened
    won = rng.random(count) < np.clip(0.42 + 0.06 * managers.skill[manager], 0.1, 0.8)
    # what is lost is lost at any stage
    last = np.where(won, 3, pick(rng, (20, 30, 35, 15), count))
    end = reach[last, np.arange(count)]
    stays = rng.random(count) < 0.05
    end = np.where(stays, window.last + 500, end)
    product = np.where(firm, rng.choice(_FOR_FIRMS, count), rng.choice(_FOR_PERSONS, count))
    amount = fen(np.round(np.clip(population.wealth[who] * rng.uniform(0.1, 0.8, count), 5_000, 2e7), -3))
    return pl.DataFrame(
        {
            "ref": pl.Series(population.numbers[who]) + "-O" + pl.Series(np.arange(count)).cast(pl.String),
            "customer": population.numbers[who],
            "manager": managers.number[manager],
            "product": products.CODES[product],
            "stage": np.where(won, "won", "lost"),
            "amount_fen": amount,
            "opened_on": dates(opened),
            "stage_since": dates(opened),
            "expected_on": dates(opened + (70 * pace).astype(int)),
            "closed_on": dates(end),
            "loss_reason": np.where(won, "", choose(rng, _LOST_BECAUSE, count)),
            **{
                f"_{name}": dates(reach[step], (step < last) & (reach[step] < end))
                for step, name in enumerate(_STAGES[1:])
            },
        }
    )


OPPORTUNITY_EVENTS = {
    "opened_on": (), "_contact": (), "_proposal": (), "_approval": (), "closed_on": ("stage", "loss_reason")
}  # fmt: skip
_NOW = ("closed_on", "_approval", "_proposal", "_contact")
OPPORTUNITY_STATE = (
    pl.coalesce(*_NOW, "opened_on").alias("stage_since"),
    pl.when(pl.col("closed_on").is_not_null()).then("stage")
    .when(pl.col("_approval").is_not_null()).then(pl.lit("approval"))
    .when(pl.col("_proposal").is_not_null()).then(pl.lit("proposal"))
    .when(pl.col("_contact").is_not_null()).then(pl.lit("contact"))
    .otherwise(pl.lit("lead")).alias("stage"),
)  # fmt: skip
