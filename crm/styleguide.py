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

from crm.look import sample_lists, samples
from crm.look.forms import ledger_helper
from crm.look.samples import say

AS_OF = dt.date(2026, 7, 1)


@login_not_required
def styleguide(request):
    """The page; `?part=drawer` is the inside of its drawer, `?toast=1` shows a toast and a fault."""
    if not settings.DEBUG:
        raise Http404
    if request.GET.get("part") == "drawer":
        return render(request, "styleguide/_drawer.html", {"channels": samples.channels()})
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
        "tiles": [samples.tile(*row) for row in samples.tiles()],
        "states": [samples.tile(*row) for row in samples.states()],
        "form": form,
        "dims": [
            (say("效益", "Contribution"), 78.4, 0.30),
            (say("满意", "Satisfaction"), 76.3, 0.15),
            (say("资产", "Asset safety"), 83.8, 0.35),
            (say("信息", "Information"), None, 0.10),
            (say("效率", "Efficiency"), 71.7, 0.10),
        ],
        "book": sample_lists.book(),
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
        "timeline": sample_lists.timeline(),
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
        "analysis": sample_lists.analysis(),
        "shards": sample_lists.shards(),
        "aum": sample_lists.aum(),
        "bars": sample_lists.bars(),
        "stack": sample_lists.stack(),
        "waterfall": sample_lists.waterfall(),
        "fen": 82_000_000,
        "large": 14_320_000_000_00,
        "small": Decimal("4762.50"),
        "loss": -24_000,
        "five": [72, 70, 62, 69, 71],
        "unknown": None,
    }
    return render(request, "styleguide/page.html", context)


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
