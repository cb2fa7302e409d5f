"""What is known of customers: weighted fields, and dated facts, some missing and some stale."""

import numpy as np
import polars as pl

from crm.demo import words
from crm.demo.dice import Dice, choose
from crm.demo.population import PERSON, Population
from crm.demo.staff import Managers
from crm.demo.window import Window, dates

# code, name, English name, weight, persons, organisations, valid months, sources, share known
FIELDS = (
    ("occupation", "职业", "Occupation", 10, 1, 0, 36, "customer document", 0.96),
    ("employer", "工作单位", "Employer", 8, 1, 0, 36, "customer core", 0.93),
    ("income", "年收入", "Yearly income", 10, 1, 0, 24, "customer document", 0.91),
    ("residence", "居住状况", "Housing", 6, 1, 0, 60, "customer", 0.93),
    ("marital", "婚姻状况", "Marital status", 5, 1, 0, 60, "customer document", 0.95),
    ("children", "子女情况", "Children", 4, 1, 0, 60, "customer manager", 0.88),
    ("education", "学历", "Education", 4, 1, 0, None, "customer", 0.92),
    ("hobby", "兴趣爱好", "Hobbies", 4, 1, 0, None, "manager", 0.76),
    ("habit", "理财习惯", "Investing habits", 5, 1, 0, 36, "manager customer", 0.87),
    ("channel", "联系偏好", "Preferred contact", 5, 1, 1, 36, "manager customer", 0.95),
    ("elsewhere", "他行资产", "Assets at other banks", 7, 1, 1, 24, "customer manager", 0.82),
    ("tax", "税收居民身份", "Tax residence", 8, 1, 1, None, "customer document", 0.985),
    ("purpose", "开户目的", "Purpose of account", 6, 1, 1, None, "customer document", 0.99),
    ("business", "主营业务", "Main business", 10, 0, 1, 36, "document public", 0.97),
    ("owner", "受益所有人", "Beneficial owner", 12, 0, 1, 24, "document public", 0.95),
    ("capital", "注册资本", "Registered capital", 6, 0, 1, None, "public", 0.98),
    ("staff", "员工人数", "Number of staff", 5, 0, 1, 24, "customer public", 0.91),
    ("turnover", "年营业收入", "Yearly turnover", 10, 0, 1, 24, "document customer", 0.9),
    ("suppliers", "上下游客户", "Suppliers and buyers", 6, 0, 1, 36, "manager customer", 0.85),
)  # fmt: skip

_CHOICES = {
    "residence": ("自有住房，无贷款", "自有住房，按揭中", "租住", "与父母同住", "单位宿舍"),
    "marital": ("已婚", "未婚", "离异", "丧偶"),
    "children": ("一子，在读小学", "一女，在读中学", "一子一女", "无子女", "一女，已工作", "一子，读大学"),
    "education": ("本科", "大专", "高中", "硕士", "初中"),
    "hobby": (
        "骑行",
        "书法",
        "羽毛球",
        "钓鱼",
        "摄影",
        "园艺",
        "广场舞",
        "徒步",
        "下棋",
        "烘焙",
        "听戏",
        "茶艺",
    ),
    "habit": (
        "偏好保本，到期自动续存",
        "每月定投，不看短期涨跌",
        "喜欢比较利率",
        "只买短期限",
        "听子女意见再决定",
        "大额先问行情",
    ),
    "channel": ("上午电话", "下午电话", "企微留言", "只接短信", "到网点面谈", "晚上七点后电话"),
    "elsewhere": ("约 5 万", "约 10 万", "约 30 万", "约 80 万", "约 200 万", "无", "不愿透露"),
    "tax": ("仅为中国税收居民", "仅为中国税收居民", "仅为中国税收居民", "同为境外税收居民"),
    "purpose": ("储蓄与代发", "日常结算", "投资理财", "经营收付", "偿还贷款"),
    "suppliers": (
        "上游三家，账期 60 天",
        "前五大客户占六成",
        "以本市批发商为主",
        "出口占三成",
        "回款以承兑为主",
    ),
}
_JOBS = (
    "教师", "护士", "程序员", "会计", "公务员", "销售", "工程师", "司机", "个体经营", "厨师", "设计师",
    "医生",     "车间主任", "店长", "行政", "物流调度",
)  # fmt: skip
_RETIRED = ("退休教师", "退休工人", "退休干部", "退休医生", "退休职员")
_EMPLOYERS = (
    "{d}区第一中学",
    "{r}精密机电",
    "{d}区医院",
    "{r}软件",
    "{r}商贸",
    "{d}区税务服务所",
    "{r}物流",
    "{r}建设",
)


def fields() -> pl.DataFrame:
    """Return the feed's profile fields."""
    columns = ["code", "name", "name_en", "weight", "for_persons", "for_organisations", "valid_months"]
    return pl.DataFrame([row[:7] for row in FIELDS], schema=columns, orient="row")


def facts(
    population: Population, managers: Managers, lead: np.ndarray, aml: np.ndarray, window: Window, dice: Dice
) -> pl.DataFrame:
    """Return the feed's facts; diligent managers leave fewer gaps."""
    rng, size = dice("facts"), len(population)
    skill = np.where(lead >= 0, managers.skill[lead], -1.0)
    reviewed = _last_review(rng, population, aml, skill, window)
    person = population.kind == PERSON
    frames = []
    for code, _, _, _, for_persons, for_organisations, months, sources, known in FIELDS:
        asked = np.where(person, bool(for_persons), bool(for_organisations))
        here = np.flatnonzero(asked & (rng.random(size) < np.clip(known + 0.045 * skill, 0.2, 0.995)))
        count = len(here)
        earlier = (rng.random(count) < 0.25) * rng.integers(0, 400, count)
        verified = np.maximum(reviewed[here] - earlier, population.since[here])
        noted = np.maximum(
            verified - rng.integers(0, 700, count) * (rng.random(count) < 0.5), population.since[here]
        )
        checked = rng.random(count) < 0.88
        expires = np.maximum(noted + 1, verified + int((months or 0) * 30.44))
        frames.append(
            pl.DataFrame(
                {
                    "customer": population.numbers[here],
                    "field": [code] * count,
                    "noted_on": dates(noted),
                    "value": _values(rng, code, population, here, window),
                    "source": choose(rng, sources.split(), count),
                    "verified_on": dates(verified, checked),
                    "verified_by": pl.Series(managers.number[np.maximum(lead[here], 0)]),
                    "expires_on": dates(expires, np.full(count, months is not None)),
                    "_lead": lead[here],
                }
            ).with_columns(
                # somebody in the pool was checked at the counter
                verified_by=pl.when((pl.col("_lead") >= 0) & pl.col("verified_on").is_not_null()).then(
                    "verified_by"
                )
            )
        )
    return pl.concat(frames)


def _last_review(rng, population, aml, skill, window) -> np.ndarray:
    """Return the day of the customer's last review: overdue for some, more often under slack managers."""
    size = len(population)
    limit = np.select([aml == "low", aml == "medium"], [1095, 365], 182)
    age = limit * np.clip(rng.beta(1.5, 3.4, size) - 0.04 * skill, 0.02, 1)
    late = rng.random(size) < np.clip(0.075 - 0.03 * skill, 0.01, 0.3)
    age = np.where(late, limit * rng.uniform(1.02, 1.6, size), age)
    return np.maximum(window.last - age.astype(int), population.since)


def _values(rng, code: str, population: Population, here, window) -> np.ndarray:
    count = len(here)
    if code in _CHOICES:
        return choose(rng, _CHOICES[code], count)
    if code == "occupation":
        retired = population.age(window.last)[here] >= 60
        return np.where(retired, choose(rng, _RETIRED, count), choose(rng, _JOBS, count))
    if code == "employer":
        district, road = choose(rng, words.DISTRICTS, count), choose(rng, words.FIRM_FIRST_PAIRS, count)
        pattern = choose(rng, _EMPLOYERS, count)
        return np.array(
            [p.format(d=d, r=r) for p, d, r in zip(pattern, district, road, strict=True)], dtype=str
        )
    if code == "income":
        yearly = np.maximum(population.salary[here], population.pension[here]) * 13 + 20_000
        return _amount(yearly * rng.uniform(0.9, 1.6, count))
    wealth = population.wealth[here]
    if code == "business":
        return choose(
            rng,
            (
                "加工制造",
                "批发零售",
                "建筑施工",
                "餐饮服务",
                "软件开发",
                "物流运输",
                "公共服务",
                "农产品购销",
            ),
            count,
        )
    if code == "owner":
        return np.char.add(
            population.surname[rng.choice(np.flatnonzero(population.person), count)].astype(str),
            "氏（持股 60% 以上）",
        )
    if code == "capital":
        return _amount(wealth * rng.uniform(0.5, 4, count))
    if code == "staff":
        return np.char.add(np.maximum(2, (wealth / 40_000) ** 0.75).astype(int).astype(str), " 人")
    return _amount(wealth * rng.uniform(4, 14, count))


def _amount(yuan: np.ndarray) -> np.ndarray:
    """Return "12 万" or "1.3 亿" as staff note it."""
    ten_thousands = np.maximum(np.round(yuan / 10_000), 1).astype(int)
    small = np.char.add(ten_thousands.astype(str), " 万")
    large = np.char.add(np.round(ten_thousands / 10_000, 1).astype(str), " 亿")
    return np.where(ten_thousands >= 10_000, large, small)
