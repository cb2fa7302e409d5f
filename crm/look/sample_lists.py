"""Constructed rows, contacts and charts for the style guide."""

import datetime as dt

from crm.look.samples import say


def book():
    fall = [84, 86, 88, 90, 91, 92, 91, 90, 88, 86, 84, 83, 82]
    rise = [61, 63, 62, 66, 67, 70, 74, 73, 78, 80, 82, 85, 88]
    return [
        {
            "name": say("陆怀瑜", "Lu Huaiyu"),
            "kind": say("个人", "Person"),
            "tier": "private",
            "aum": 812_000_000,
            "trend": rise,
            "fall": 0.012,
            "eva": 6_120_000,
            "risk": ("fine", "9.1%"),
            "silent": 2,
        },
        {
            "name": say("云岫纸业有限公司", "Yunxiu Paper Ltd"),
            "kind": say("企业", "Company"),
            "tier": "diamond",
            "aum": 436_500_000,
            "trend": rise[::-1],
            "fall": -0.004,
            "eva": 4_437_000,
            "risk": ("warn", "22.6%"),
            "silent": 3,
        },
        {
            "name": say("沈知远", "Shen Zhiyuan"),
            "kind": say("个人", "Person"),
            "tier": "platinum",
            "aum": 82_000_000,
            "trend": fall,
            "fall": -0.09,
            "eva": 476_250,
            "risk": ("fine", "14.2%"),
            "silent": 9,
            "focus": True,
        },
        {
            "name": say("温如月", "Wen Ruyue"),
            "kind": say("个人", "Person"),
            "tier": "gold",
            "aum": 38_000_000,
            "trend": fall,
            "fall": -0.214,
            "eva": -24_000,
            "risk": ("danger", "41.2%"),
            "silent": 12,
        },
        {
            "name": say("江临汽配商行", "Jianglin Auto Parts"),
            "kind": say("个体", "Sole trader"),
            "tier": "basic",
            "aum": 4_800_000,
            "trend": [None, None, 4, 5],
            "fall": None,
            "eva": None,
            "risk": None,
            "silent": 40,
        },
    ]


def timeline():
    return [
        {
            "icon": "phone",
            "channel": say("电话", "Phone"),
            "who": say("林见川", "Lin Jianchuan"),
            "date": dt.date(2026, 6, 22),
            "text": say(
                "询问 7 月到期安排；客户要等学费定下来。", "Asked about July; waits for the school fee."
            ),
            "then": say("7 月 8 日前再联系", "Contact again by 8 July"),
        },
        {
            "icon": "smartphone",
            "channel": say("手机银行", "App"),
            "who": say("系统", "System"),
            "date": dt.date(2026, 6, 18),
            "text": say("转出 40,000.00 元至他行本人账户。", "CNY 40,000.00 sent away."),
        },
        {
            "icon": "map-pin",
            "channel": say("面访", "Visit"),
            "who": say("林见川", "Lin Jianchuan"),
            "date": dt.date(2026, 5, 27),
            "text": say("送达经营贷续期资料。", "Handed over the renewal papers."),
            "then": say("已回复 6月2日", "Answered 2 Jun"),
            "then_kind": "fine",
        },
    ]


def aum():
    months = ["6", "7", "8", "9", "10", "11", "12", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
    past = [71, 73, 74, 78, 80, 83, 86, 88, 90, 92, 91, 86, 82]
    return {
        "kind": "line",
        "x": [say(f"{m}月", f"M{m}") for m in months],
        "series": [{"name": say("管理资产", "AUM"), "values": [*past, 81.8, 81.6, 81.4], "role": "mine"}],
        "forecast": 13,
        "band": {
            "name": say("80% 区间", "80% band"),
            "low": [None] * 12 + [82, 79, 76, 72.9],
            "high": [None] * 12 + [82, 84, 87, 89.9],
        },
        "thresholds": [
            {
                "axis": "x",
                "at": 13,
                "label": say("7/15 到期 30 万", "0.3m due 15 Jul"),
                "tone": "warn",
            }
        ],
    }


def bars():
    return {
        "kind": "bar",
        "places": 0,
        "x": ["7/1", "7/8", "7/15", "7/18", "7/27"],
        "series": [{"name": say("到期存款", "Maturing"), "values": [200, 80, 30, 120, 25], "role": "mine"}],
        "thresholds": [{"at": 150, "label": say("大额 150 万", "Large 1.5m")}],
    }


def stack():
    names = say(["存款", "理财", "基金"], ["Deposits", "Wealth", "Funds"])
    return {
        "kind": "stack",
        "places": 0,
        "x": ["Q1", "Q2", "Q3", "Q4"],
        "series": [
            {"name": name, "values": values}
            for name, values in zip(names, ([50, 52, 48, 50], [20, 24, 30, 32], [5, 8, 9, 12]), strict=True)
        ],
    }


def waterfall():
    names = say(
        ["净利息", "手续费", "成本", "预期损失", "税", "EVA"],
        ["NII", "Fees", "Cost", "EL", "Tax+capital", "EVA"],
    )
    return {
        "kind": "waterfall",
        "places": 0,
        "x": names,
        "series": [{"name": say("元", "CNY"), "values": [7800, 2000, -1900, -500, -2637, 4763]}],
    }


def analysis():
    return {
        "label": say("流失概率，一年", "Churn within a year"),
        "figure": "14.25%",
        "mark": {"kind": "fine", "words": say("低", "low")},
        "change": say("较昨夜 ▲ 1.9 点", "▲ 1.9 points since last night"),
        "below": [say("忠诚度 83.6 / 100", "Loyalty 83.6 of 100")],
        "reasons": [
            {"text": say("资产较前 90 天降 8.9%", "Assets 8.9% below the 90 days before"), "value": 0.222},
            {"text": say("30 天内到期占 37%", "37% matures within 30 days"), "value": 0.183},
            {"text": say("代发工资正常，无投诉", "Salary arrives; no complaint"), "value": 0},
        ],
        "biggest": 0.3,
        "basis": ["p = 1 ÷ (1 + e^1.795)", say("数据 6月30日，规则 忠诚 第 3 版", "Data 30 Jun, rule 3")],
        "formula_url": "#",
        "action": say("到期前致电", "Call before maturity"),
        "action_url": "?part=drawer",
        "wrong_url": "?part=drawer",
    }


def shards():
    waiting = {"state": "waiting", "words": say("等待", "waiting")}
    done = {"state": "done", "words": say("完成", "done")}
    part = {"state": "part", "share": 0.6, "words": "60%"}
    retry = {"state": "retry", "words": say("第 2 次重试", "second try")}
    return [
        {"label": say("概况", "Profiling"), "cells": [done] * 16, "notes": ["2,000,000", "41k/s"]},
        {
            "label": say("产品", "Product"),
            "cells": [done] * 5 + [part] + [waiting] * 10,
            "notes": ["630,200", "31k/s"],
        },
        {
            "label": say("促销", "Promotion"),
            "cells": [done, done, retry, part, *[waiting] * 12],
            "notes": ["250,200", "24k/s"],
        },
    ]
