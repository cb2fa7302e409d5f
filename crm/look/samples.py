"""Constructed 7P tiles and channels for the style guide."""

import datetime as dt

from crm.look.figures import is_chinese
from crm.look.pictures import picture


def say(chinese, english):
    return chinese if is_chinese() else english


def channels():
    rows = (
        ("phone", "电话", "Phone"),
        ("map-pin", "面访", "Visit"),
        ("users", "企微", "WeCom"),
        ("message-square", "短信", "SMS"),
        ("smartphone", "手机银行", "App"),
        ("globe", "网银", "Web"),
        ("mail", "邮件", "Email"),
        ("landmark", "柜面", "Counter"),
    )
    return [(icon, say(zh, en)) for icon, zh, en in rows]


def tile(name, english, state, clauses, drawn, confidence, change, action, fallback=""):
    return {
        "name": name if is_chinese() else english,
        "english": english if is_chinese() else "",
        "state": state,
        "clauses": clauses,
        "picture": drawn,
        "confidence": confidence,
        "change": change,
        "action": action,
        "action_url": "#",
        "fallback": fallback,
        "as_of": dt.date(2026, 6, 29),
    }


def tiles():
    steps = say("息 费 本 损 税 EVA", "NII fee cost loss tax EVA").split()
    return [
        (
            "概况",
            "Profiling",
            "normal",
            say(["白金客户，", "资料完整 92%，缺 2 项"], ["Platinum; ", "profile 92% complete"]),
            picture("meter", share=0.92, note=say("缺 家庭年收入、职业", "income, job missing")),
            3,
            say("— 无变化", "— no change"),
            say("问一项：职业", "Ask: occupation"),
        ),
        (
            "忠诚",
            "Persistency",
            "normal",
            say(["资产下降 9%，", "30 万元本月到期"], ["Assets down 9%; ", "CNY 300,000 matures"]),
            picture("bands", value=0.1425, words=say(("低", "高"), ("low", "high"))),
            3,
            say("▲ 1.9 点", "▲ 1.9 pts"),
            say("到期前致电", "Call before maturity"),
        ),
        (
            "利润",
            "Profitability",
            "normal",
            say(["一年净创造 4,763 元，", "居同层前 38%"], ["Earns CNY 4,763 a year; ", "top 38%"]),
            picture("waterfall", parts=[7800, 2000, -1900, -500, -1850, 4763], words=steps),
            3,
            "▼ 62",
            say("看构成", "See the parts"),
        ),
        (
            "性能",
            "Performance",
            "normal",
            say(["58% 在手机办理，", "主买理财"], ["58% done on mobile; ", "mostly wealth"]),
            picture(
                "shares",
                parts=[0.58, 0.1, 0.22, 0.1],
                left=say("手机 58%", "App 58%"),
                right=say("网点 42%", "Branch 42%"),
            ),
            2,
            say("同比需满 24 月", "yoy needs 24 m"),
            say("用手机银行触达", "Reach by app"),
        ),
        (
            "未来",
            "Prospecting",
            "normal",
            say(["三个月后约 81 万", "（73–90 万）"], ["About CNY 0.81m in 3 months ", "(0.73–0.90m)"]),
            picture("forecast", past=[88, 90, 92, 91, 86, 82], ahead=81.4, low=72.9, high=89.9),
            2,
            "▼ 0.8",
            say("拟挽留计划", "Plan to retain"),
        ),
        (
            "产品",
            "Product",
            "lacking",
            say(["数据不足：同持 21 户，", "需 30 户"], ["Not enough data: ", "21 hold both, 30 needed"]),
            picture(
                "have_need",
                have=21,
                need=30,
                have_word=say("已有 21", "have 21"),
                need_word=say("需 30", "need 30"),
            ),
            1,
            "",
            say("看客群首选：基金", "Segment's first: fund"),
            say("客群首选", "Segment's first"),
        ),
        (
            "促销",
            "Promotion",
            "normal",
            say(["6 次回应 2 次；", "手机最佳"], ["2 of 6 answered; ", "mobile is best"]),
            picture(
                "dots",
                answers=[False, True, False, False, True, False],
                note=say("近 30 天 2 次，上限 4 次", "2 in 30 days, 4 at most"),
            ),
            1,
            say("— 无变化", "— no change"),
            say("邀约 7 月讲座", "Invite in July"),
        ),
    ]


def states():
    rows = tiles()
    normal = (
        "产品",
        "Product",
        "normal",
        say(["持有理财的客户 35% 也持有基金"], ["35% of wealth holders also hold a fund"]),
        picture("pair", mine=0.35, whole=0.18, mine_word="35%", whole_word=say("全体 18%", "all 18%")),
        3,
        say("提升 1.94 倍", "lift 1.94"),
        say("开商机：基金", "Open: fund"),
    )
    stale, rest = list(rows[6]), list(rows[6])
    stale[2], stale[7] = "stale", say("看原因", "See why")
    rest[2], rest[5] = "rest", 2
    rest[3] = say(["暂不打扰：", "30 天已触达 4 次"], ["Let rest: ", "4 contacts in 30 days"])
    rest[6], rest[7] = say("7月12日起可邀约", "from 12 Jul"), say("看触达记录", "See contacts")
    return [normal, rows[5], tuple(stale), (*rows[3][:2], "pending", *rows[3][3:]), tuple(rest)]
