"""A living style guide, only when DEBUG: every component in every state, with constructed data.

In crm/urls.py: `if settings.DEBUG: urlpatterns.append(path("styleguide/", styleguide.styleguide))`.
"""

import datetime as dt
from decimal import Decimal

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import render

from crm.look.figures import is_chinese
from crm.look.forms import ledger_helper
from crm.look.pictures import picture

AS_OF = dt.date(2026, 7, 1)


@login_not_required
def styleguide(request):
    """The page; `?part=drawer` is the inside of its drawer, `?toast=1` shows a toast and a fault."""
    if not settings.DEBUG:
        raise Http404
    if request.GET.get("part") == "drawer":
        return render(request, "styleguide/_drawer.html", {"channels": _channels()})
    if request.GET.get("toast"):
        messages.success(
            request, say("已保存：沈知远 7 月 8 日再联系", "Saved: contact Shen Zhiyuan again on 8 July")
        )
        messages.error(
            request,
            say("保存失败：他人 1 分钟前改过「住址」。", "Not saved: “Address” changed a minute ago."),
        )
    form = SampleForm({"name": say("云岫包装有限公司", "Yunxiu Packaging Ltd"), "code": "91100000MA0000007A"})
    form.is_valid()
    context = {
        "as_of": AS_OF,
        "tiles": [_tile(*row) for row in _tiles()],
        "states": [_tile(*row) for row in _states()],
        "form": form,
        "dims": [
            (say("效益", "Contribution"), 78.4, 0.30),
            (say("满意", "Satisfaction"), 76.3, 0.15),
            (say("资产", "Asset safety"), 83.8, 0.35),
            (say("信息", "Information"), None, 0.10),
            (say("效率", "Efficiency"), 71.7, 0.10),
        ],
        "book": _book(),
        "views": [
            {
                "label": say("按下次日期", "By next date"),
                "url": "?view=next",
                "count": 250,
                "is_current": True,
            },
            {"label": say("本月到期", "Maturing this month"), "url": "?view=due", "count": 23},
            {"label": say("高价值沉默", "Silent, high value"), "url": "?view=silent", "count": 14},
        ],
        "chips": [
            {"label": say("层级", "Tier"), "options": [{"label": "A", "url": "?tier=gold"}]},
            {
                "label": say("生命周期", "Lifecycle"),
                "value": say("不含流失", "without lost"),
                "clear_url": "?",
            },
        ],
        "timeline": _timeline(),
        "steps": {
            "percent": 68,
            "says": say("七项分析进行中", "The seven analyses are running"),
            "done": 9_412_700,
            "total": 14_000_000,
            "used": 284,
            "left": 134,
            "steps": [
                {"label": say("入库", "Feed"), "at": 0},
                {"label": say("汇总", "Rollups"), "at": 8},
                {"label": say("七项分析", "Seven P"), "at": 31, "is_now": True},
                {"label": say("发布", "Publish"), "at": 86},
                {"label": say("考核", "Scores"), "at": 94},
            ],
        },
        "aum": _aum(),
        "bars": _bars(),
        "stack": _stack(),
        "waterfall": _waterfall(),
        "fen": 82_000_000,
        "large": 14_320_000_000_00,
        "small": Decimal("4762.50"),
        "loss": -24_000,
        "five": [72, 70, 62, 69, 71],
        "unknown": None,
    }
    return render(request, "styleguide/page.html", context)


def say(chinese, english):
    return chinese if is_chinese() else english


class SampleForm(forms.Form):
    name = forms.CharField(label="客户名称 Name")
    code = forms.CharField(label="统一信用代码 Code", max_length=18)
    industry = forms.ChoiceField(
        label="行业 Industry", choices=[("C", "C 制造业")], required=False, help_text="GB/T 4754"
    )
    mobile = forms.CharField(label="手机 Mobile")
    quiet = forms.BooleanField(label="不接营销 No marketing", required=False)

    def clean_code(self):
        raise forms.ValidationError(
            say(
                "末位校验应为 3，现在是 A，请对照营业执照",
                "The check digit should be 3, not A: see the licence",
            )
        )

    helper = ledger_helper("保存客户 Save")


def _channels():
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


def _tile(name, english, state, clauses, drawn, confidence, change, action, fallback=""):
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


def _tiles():
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


def _states():
    rows = _tiles()
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


def _book():
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


def _timeline():
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


def _aum():
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


def _bars():
    return {
        "kind": "bar",
        "places": 0,
        "x": ["7/1", "7/8", "7/15", "7/18", "7/27"],
        "series": [{"name": say("到期存款", "Maturing"), "values": [200, 80, 30, 120, 25], "role": "mine"}],
        "thresholds": [{"at": 150, "label": say("大额 150 万", "Large 1.5m")}],
    }


def _stack():
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


def _waterfall():
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
