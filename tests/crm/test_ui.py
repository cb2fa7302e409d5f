"""Figures, dates, secrets, marks and components as templates show them."""

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from crm.look import dates, figures, marks, masks
from crm.look.charts import chart_table
from crm.look.icons import LUCIDE, icon, sprite
from crm.look.pictures import PICTURES, picture

JULY_1 = dt.date(2026, 7, 1)


@pytest.fixture
def english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def chinese():
    with translation.override("zh-hans"):
        yield


def show(source, **context):
    request = RequestFactory().get("/", {"sort": "-aum", "after": "x", "tier": "gold"})
    return Template(source).render(Context({"request": request, **context}))


@pytest.mark.parametrize(
    ("amount", "chinese_text", "english_text"),
    [
        (82_000_000, "82.0万", "CNY 0.82m"),
        (14_600_000_000, "1.46亿", "CNY 146.00m"),
        (143_200_000_000_00, "1,432.00亿", "CNY 143.20bn"),
        (Decimal("4762.50"), "4,763元", "CNY 4,763"),
        (-24_000, "−240元", "CNY −240"),
        (999_996_000_000, "100.00亿", "CNY 10.00bn"),
        (9_999_950_000, "1.00亿", "CNY 100.00m"),
        (0, "0元", "CNY 0"),
        (None, "—", "—"),
    ],
)
def test_short_money(amount, chinese_text, english_text):
    assert figures.short_money(amount) == chinese_text
    with translation.override("en"):
        assert figures.short_money(amount) == english_text


def test_money_refuses_a_float():
    with pytest.raises(TypeError, match="int fen or Decimal yuan, not float"):
        figures.short_money(82.5)


def test_exact_yuan():
    assert figures.exact_yuan(82_000_000) == "820,000.00 元"
    with translation.override("en"):
        assert figures.exact_yuan(82_000_000) == "CNY 820,000.00"


def test_percent_rate_and_signed():
    assert (figures.percent(0.142479), figures.percent(None)) == ("14.2%", "—")
    assert (figures.rate(1550), figures.rate(0)) == ("1.55%", "0.00%")
    assert [figures.signed(value, 2) for value in (0.75, -3.6, 0, -0.001)] == [
        "+0.75",
        "−3.60",
        "0.00",
        "0.00",
    ]


def test_money_tag_opens_to_the_exact_yuan_on_hover_and_focus():
    html = show("{% money fen %}", fen=82_000_000)
    assert 'tabindex="0"' in html
    assert 'data-exact="820,000.00 元"' in html
    assert 'aria-label="820,000.00 元"' in html
    assert ">82.0万<" in html


def test_money_without_unit_for_a_column():
    assert ">82.0<" in show("{% money fen unit=False %}", fen=82_000_000)
    assert show("{% wan_unit %}") == "万"


def test_unknown_is_a_dash_and_a_word():
    assert show("{% money fen %}", fen=None).count("—") == 1
    assert "sr-only" in show("{{ fen|money }}", fen=None)


def test_dates():
    june = dt.date(2026, 6, 22)
    assert [dates.day(june), dates.day(june, spaced=True), dates.full_day(june)] == [
        "6月22日",
        "6 月 22 日",
        "2026-06-22",
    ]
    assert dates.month(dt.date(2027, 3, 1)) == "2027年3月"
    assert dates.weekday(JULY_1) == "星期三"
    published = dt.datetime(2026, 6, 30, 18, 22, tzinfo=dt.UTC)
    assert (dates.clock(published), dates.day(published)) == ("02:22", "7月1日")


def test_dates_in_english(english):
    assert [dates.day(JULY_1), dates.month(JULY_1), dates.weekday(JULY_1)] == [
        "1 Jul",
        "Jul 2026",
        "Wednesday",
    ]
    ages = [dates.age(JULY_1 - dt.timedelta(days), JULY_1) for days in (0, 1, 9, -1, -7)]
    assert ages == ["today", "yesterday", "9 days ago", "tomorrow", "in 7 days"]


def test_duration():
    assert [dates.duration(seconds) for seconds in (284, 59.6, 3723, None)] == [
        "4:44",
        "1:00",
        "1:02:03",
        "—",
    ]


@pytest.mark.parametrize(
    ("mask", "value", "masked"),
    [
        (masks.mask_id, "999999190001010014", "999***********0014"),
        (masks.mask_id, "E1234", "E***4"),
        (masks.mask_mobile, "13812345678", "138****5678"),
        (masks.mask_mobile, "1381", "****"),
        (masks.mask_account, "6200000000000125", "…0125"),
        (masks.mask_account, "0125", "…"),
        (masks.mask_name, "张三", "张*"),
        (masks.mask_name, "", ""),
    ],
)
def test_masks(mask, value, masked):
    assert mask(value) == masked


def test_masked_value_keeps_no_part_of_the_secret(english):
    html = show("{{ number|mask_mobile }}", number="13812345678")
    assert "138****5678" in html
    assert "hidden, ends in 5678" in html
    assert "12345678" not in html


def test_user_text_is_escaped_everywhere():
    evil = "<script>alert(1)</script>"
    source = (
        '{% section evil note=evil aside=evil aside_url="/" %}x{% endsection %}{% mark "warn" evil %}'
        "{% page_header evil evil %}{% endpage_header %}{{ evil|mask_name }}{% kbd evil %}"
        '{% alert "info" %}{{ evil }}{% endalert %}{% chart "c" evil evil data %}'
    )
    data = {"kind": "bar", "x": [evil], "series": [{"name": evil, "values": [1]}]}
    assert "<script>alert" not in show(source, evil=evil, data=data)
    assert "<script>" not in picture("meter", share=0.5, note=evil)


def test_delta_speaks_its_direction(english):
    assert "down" in marks.delta(-0.09, share=True)
    assert "9.0%" in marks.delta(-0.09, share=True)
    assert "up" in marks.delta(1.34, places=2)
    assert "no change" in marks.delta(0.001)
    assert "no data" in marks.delta(None)


def test_tier_shows_as_many_bars_as_its_rank():
    assert [marks.tier(code).count('class="on"') for code in marks.TIERS] == [0, 1, 2, 3, 4]
    with pytest.raises(KeyError):
        marks.tier("vip")


def test_sparkline_is_accent_only_when_the_fall_exceeds_five_percent():
    values = [3, 2, None, 1]
    assert "m-line-mine" in marks.sparkline(values, -0.051)
    assert "m-line-mine" not in marks.sparkline(values, -0.05)
    assert marks.sparkline(values).count("M") == 2  # the gap lifts the pen
    assert "—" in marks.sparkline([None, 4])


def test_nothing_drawn_carries_an_inline_style():
    drawn = [
        marks.peer_strip(78.4, 74, 68, 84, before=74.2),
        marks.dimension_bar(None),
        marks.load_bar(1.18),
        marks.five_bars([72, None, 62, 69, 71]),
        picture("waterfall", parts=[7800, 2000, -1900, -500, -2637, 4763], words="abcdef"),
        picture("forecast", past=[88, 90, 82], ahead=81, low=73, high=90),
        picture("shares", parts=[0.6, 0.4]),
        picture("pair", mine=0, whole=0, mine_word="0%", whole_word="0%"),
        picture("have_need", have=40, need=30),
        picture("bands", value=0.9),
        picture("dots", answers=[True] * 9),
        picture("trend", values=[1, 1]),
        picture("meter", share=0),
    ]
    assert len(drawn) == 4 + len(PICTURES)
    assert not any("style=" in svg or "nan" in svg for svg in drawn)


def test_sort_header_toggles_and_starts_paging_anew():
    html = show('{% th "AUM" key="aum" num=True %}')
    assert 'aria-sort="descending"' in html
    assert 'href="?sort=aum&amp;tier=gold"' in html or 'href="?tier=gold&amp;sort=aum"' in html
    assert "after=" not in html


def test_chart_and_table_hold_the_same_numbers():
    data = {
        "kind": "line",
        "x": ["6月", "7月"],
        "series": [{"name": "管理资产", "values": [71, None]}],
        "band": {"name": "区间", "low": [None, 70], "high": [None, 90]},
    }
    table = chart_table(data)
    assert table["rows"] == [("6月", ["71.0", "—", "—"]), ("7月", ["—", "70.0", "90.0"])]
    html = show('{% chart "aum" "AUM" "万元" data %}', data=data)
    assert 'id="aum-data" type="application/json"' in html
    assert "<table" in html


def test_chart_of_uneven_columns_is_refused():
    with pytest.raises(ValueError, match="has 1 values for 2 labels"):
        chart_table({"x": ["a", "b"], "series": [{"name": "n", "values": [1]}]})


def test_unknown_icon_is_refused():
    with pytest.raises(ValueError, match="No icon 'gem'"):
        icon("gem")


def test_sprite_is_made_of_the_allow_list():
    folder = Path(settings.BASE_DIR) / "node_modules" / "lucide-static" / "icons"
    committed = (Path(settings.BASE_DIR) / "static" / "icons.svg").read_text()
    assert len(set(LUCIDE)) == len(LUCIDE)
    if not folder.is_dir():
        pytest.skip("node_modules is not here: run `npm ci`")
    assert sprite(folder) == committed


def test_every_template_is_free_of_inline_script_and_style():
    found = []
    for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        text = path.read_text()
        scripts = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)
        if scripts or re.search(r'\sstyle="|<style|\son[a-z]+="|javascript:|hx-on', text):
            found.append(path.name)
    assert found == []


def tokens(theme):
    text = (Path(settings.BASE_DIR) / "static" / "css" / "tokens.css").read_text()
    block = text.split(f'[data-bs-theme="{theme}"] {{', 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9A-F]{6})", block))


def contrast(one, other):
    """WCAG 2 contrast of two #RRGGBB."""

    def light(colour):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_control_borders_hold_aa(theme):
    token = tokens(theme)
    grounds = ("surface", "paper", "sunken")
    weak = [
        (ink, ground)
        for ink in ("ink", "ink-2", "ink-3", "accent", "danger", "warn", "ok")
        for ground in grounds
        if contrast(token[ink], token[ground]) < 4.5
    ]
    weak += [
        (f"{tone}-weak", tone)
        for tone in ("accent", "danger", "warn", "ok")
        if contrast(token[tone], token[f"{tone}-weak"]) < 4.5
    ]
    weak += [("line-2", ground) for ground in grounds if contrast(token["line-2"], token[ground]) < 3]
    assert weak == []
    assert contrast(token["on-accent"], token["accent"]) >= 4.5
