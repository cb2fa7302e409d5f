"""The 7P strip's tiles and one P opened: sentences with pictures, the change since the night before."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from crm.look import figures
from crm.look.marks import delta
from crm.look.pictures import picture
from customers.choices import SALE_FAMILIES
from performance import rules
from performance.choices import Band, ChannelGroup, Driver, P, PState
from performance.sentences import basis, driver_words, field_name, sentence, value_of

GROUPS = 4  # channel groups of the rollup's sales
PAST = 6  # months that a forecast is drawn from


def tiles(analysed, *, may_write: bool) -> list[dict]:
    """The seven tiles as templates/_tile.html takes them."""
    return [tile(p, analysed, may_write=may_write) for p in P]


def tile(p: P, analysed, *, may_write: bool) -> dict:
    """One tile; its action is a contact for the customer's managers, else it opens the explanation."""
    said = sentence(p, analysed)
    on = value_of(analysed.row, p, "on")
    explain = reverse("performance:explain", args=[analysed.customer.public_id, p])
    contact = reverse("customers:log_contact", args=[analysed.customer.public_id])
    logs = said.contact and may_write and said.state != "stale"
    return {
        "name": p.label,
        "english": p.value.capitalize(),
        "state": said.state,
        "clauses": said.clauses,
        "picture": _picture(p, analysed, said),
        "confidence": said.confidence,
        "change": change(p, analysed),
        "fallback": said.fallback,
        "as_of": on,
        "action": said.act or _("Open"),
        "action_url": contact if logs else explain,
        "explain_url": explain,
        "action_drawer": False,
    }


def _picture(p: P, analysed, said):
    row = analysed.row
    if value_of(row, p, "state") == PState.INSUFFICIENT:
        have, need = value_of(row, p, "have") or 0, value_of(row, p, "need") or 1
        words = {"have_word": _("has %(n)s") % {"n": have}, "need_word": _("needs %(n)s") % {"n": need}}
        return picture("have_need", have=have, need=need, **words)
    if value_of(row, p, "on") is None:
        return ""
    return PICTURES[p](analysed)


def _meter(analysed):
    row = analysed.row
    if row.profiling_completeness_pct is None:
        return ""
    names = [field_name(field) for field in analysed.missing[:2]]
    note = _("missing: %(fields)s") % {"fields": _(", ").join(names)} if names else ""
    return picture("meter", share=row.profiling_completeness_pct / 100, note=note)


def _bands(analysed):
    settings = rules.seven_p()["persistency"]
    edges = (settings["medium"], settings["high"])
    words = (Band.LOW.label, Band.HIGH.label)
    return picture("bands", value=analysed.row.persistency_churn, edges=edges, words=words)


def _waterfall(analysed):
    row = analysed.row
    nii, fee, cost = (getattr(row, f"profitability_{name}_fen") for name in ("nii", "fee", "cost"))
    el, eva = row.profitability_el_fen, row.profitability_eva_fen
    taxed = eva - (nii + fee - cost - el)  # tax and the price of capital
    words = [_("NII"), _("fee"), _("cost"), _("loss"), _("tax"), "EVA"]
    return picture("waterfall", parts=[nii, fee, -cost, -el, taxed, eva], words=words)


def channel_sums(analysed) -> list[int]:
    """Sales of twelve months by channel group, fen."""
    sales = analysed.rollup.cells
    return [sum(sales[group::GROUPS]) for group in range(GROUPS)]


def _shares(analysed):
    sums = channel_sums(analysed)
    total = sum(sums)
    if total <= 0:
        return ""
    ordered = sorted((amount / total for amount in sums), reverse=True)
    digital = figures.percent((sums[0] + sums[1]) / total, 0)
    counter = figures.percent(sums[2] / total, 0)
    return picture(
        "shares",
        parts=[share for share in ordered if share],
        left=_("digital %(share)s") % {"share": digital},
        right=_("counter %(share)s") % {"share": counter},
    )


def _forecast(analysed):
    row = analysed.row
    past = analysed.months[-PAST:]
    return picture(
        "forecast",
        past=past,
        ahead=row.prospecting_aum_fen,
        low=row.prospecting_low_fen,
        high=row.prospecting_high_fen,
    )


def _pair(analysed):
    row = analysed.row
    if not row.product_lift:
        return ""
    mine = row.product_confidence_bp / 10000
    whole = mine / row.product_lift
    return picture(
        "pair",
        mine=mine,
        whole=whole,
        mine_word=figures.percent(mine, 0),
        whole_word=_("all %(share)s") % {"share": figures.percent(whole, 0)},
    )


def _dots(analysed):
    row = analysed.row
    answered, invited = row.promotion_responded, row.promotion_invited
    shown = min(invited, 6)
    hits = min(answered, shown)
    most = rules.seven_p()["promotion"]["max_contacts"]
    note = _("%(n)s in 30 days, limit %(most)s") % {"n": row.promotion_contacts, "most": most}
    return picture("dots", answers=[True] * hits + [False] * (shown - hits), note=note)


PICTURES = {
    P.PROFILING: _meter,
    P.PERSISTENCY: _bands,
    P.PROFITABILITY: _waterfall,
    P.PERFORMANCE: _shares,
    P.PROSPECTING: _forecast,
    P.PRODUCT: _pair,
    P.PROMOTION: _dots,
}

# P → (column, whether it is money, factor to points)
MEASURES = {
    P.PROFILING: ("completeness_pct", False, 1),
    P.PERSISTENCY: ("churn", False, 100),
    P.PROFITABILITY: ("eva_fen", True, 1),
    P.PERFORMANCE: ("digital_bp", False, 0.01),
    P.PROSPECTING: ("aum_fen", True, 1),
    P.PRODUCT: ("confidence_bp", False, 0.01),
    P.PROMOTION: ("response", False, 100),
}


def change(p: P, analysed):
    """What moved since the night before, in points or money; nothing where either is unknown."""
    if analysed.before is None:
        return _("first night")
    name, is_money, factor = MEASURES[p]
    now, then = value_of(analysed.row, p, name), value_of(analysed.before, p, name)
    if now is None or then is None:
        return ""
    moved = (now - then) * factor
    if is_money:
        if not moved:
            return delta(0)
        arrow = "▲" if moved > 0 else "▼"
        return f"{arrow} {figures.short_money(abs(moved))}"
    return delta(round(moved, 1), unit=_(" points"))


def explanation(p: P, analysed, *, may_write: bool) -> dict:
    """One P opened, as templates/performance/explain.html shows it."""
    row = analysed.row
    known = value_of(row, p, "state") != PState.INSUFFICIENT and value_of(row, p, "on") is not None
    return {
        "tile": tile(p, analysed, may_write=may_write),
        "parts": PARTS[p](analysed) if known else [],
        "basis": basis(analysed, p),
        "formula": FORMULAS[p],
        "now": known,
    }


def _profiling_parts(analysed):
    row = analysed.row
    parts = [(_("Average assets of the last full month"), figures.exact_yuan(row.profiling_month_fen))]
    parts += [
        (_("Missing: %(field)s") % {"field": field_name(field)}, _("weight %(n)s") % {"n": field.weight})
        for field in analysed.missing
    ]
    return parts


def _persistency_parts(analysed):
    row, weight = analysed.row, rules.seven_p()["persistency"]["churn"]
    parts = [
        (_("Probability of leaving within a year"), figures.percent(row.persistency_churn, 2)),
        (_("Loyalty"), f"{figures.number(row.persistency_loyalty, 1)} / 100"),
        (_("Base"), figures.signed(weight["base"], 3)),
    ]
    flags = {
        Driver.NO_LOGIN: weight["no_login"],
        Driver.SALARY_STOPPED: weight["salary_stopped"],
        Driver.COMPLAINT: weight["complaint"],
        Driver.DROP: weight["drop"] * -(row.persistency_change_bp or 0) / 10000,
        Driver.MATURING: weight["maturing"]
        * min((row.persistency_maturing_fen or 0) / max(analysed.rollup.aum, 1), 1),
    }
    for driver in (row.persistency_driver, row.persistency_driver2):
        if driver:
            parts.append((driver_words(driver, row), figures.signed(flags[driver], 3)))
    return parts


def _profitability_parts(analysed):
    row = analysed.row
    names = {
        "nii": _("Net interest income"),
        "fee": _("Fees"),
        "cost": _("Operating cost"),
        "el": _("Expected loss"),
        "eva": _("Net value, EVA"),
    }
    parts = [
        (words, figures.exact_yuan(getattr(row, f"profitability_{n}_fen"))) for n, words in names.items()
    ]
    if row.profitability_raroc_bp is not None:
        parts.append((_("RAROC of the loans"), figures.percent(row.profitability_raroc_bp / 10000, 2)))
    days = row.profitability_days
    parts.append((_("From"), ngettext("%(n)s day", "%(n)s days", days) % {"n": days}))
    return parts


def _performance_parts(analysed):
    row = analysed.row
    parts = [
        (_("Sales in twelve months"), figures.exact_yuan(row.performance_sales_fen)),
        (_("Concentration, HHI"), figures.number(row.performance_hhi, 4)),
    ]
    if row.performance_yoy_bp is not None:
        parts.append((_("Against the year before"), figures.signed(row.performance_yoy_bp / 100, 1) + "%"))
    for position, amount in enumerate(analysed.rollup.cells):
        if amount:
            family, group = divmod(position, GROUPS)
            words = f"{SALE_FAMILIES[family].label} · {ChannelGroup(group).label}"
            parts.append((words, figures.exact_yuan(amount)))
    return parts


def _prospecting_parts(analysed):
    row = analysed.row
    parts = [
        (_("Assets in three months"), figures.exact_yuan(row.prospecting_aum_fen)),
        (
            _("80% band"),
            f"{figures.exact_yuan(row.prospecting_low_fen)} – {figures.exact_yuan(row.prospecting_high_fen)}",
        ),
        (_("Change a month"), figures.exact_yuan(row.prospecting_slope_fen)),
        (_("Worth over three years"), figures.exact_yuan(row.prospecting_clv_fen)),
    ]
    if row.prospecting_gap_fen is not None:
        parts.append((_("Missing to the next tier"), figures.exact_yuan(row.prospecting_gap_fen)))
    return parts


def _product_parts(analysed):
    row = analysed.row
    if row.product_confidence_bp is None:
        return []
    return [
        (_("Share of holders who hold both"), figures.percent(row.product_confidence_bp / 10000, 1)),
        (_("Lift over all customers"), figures.number(row.product_lift, 2)),
        (_("Expected value a year"), figures.exact_yuan(row.product_value_fen)),
    ]


def _promotion_parts(analysed):
    row = analysed.row
    return [
        (_("Probability of an answer"), figures.percent(row.promotion_response, 2)),
        (_("Invited"), figures.number(row.promotion_invited)),
        (_("Answered"), figures.number(row.promotion_responded)),
        (_("Contacts in 30 days"), figures.number(row.promotion_contacts)),
    ]


PARTS = {
    P.PROFILING: _profiling_parts,
    P.PERSISTENCY: _persistency_parts,
    P.PROFITABILITY: _profitability_parts,
    P.PERFORMANCE: _performance_parts,
    P.PROSPECTING: _prospecting_parts,
    P.PRODUCT: _product_parts,
    P.PROMOTION: _promotion_parts,
}
FORMULAS = {
    P.PROFILING: lazy(
        "Tier by month-average assets, up the month after, down after three months below (private: six). "
        "Completeness: weight filled ÷ weight required."
    ),
    P.PERSISTENCY: lazy(
        "p = 1 ÷ (1 + e^−z), z = base + 2.5 × fall of assets + 0.8 no digital use + 0.9 salary stopped "
        "+ 0.7 complaint + 0.5 × share that matures."
    ),
    P.PROFITABILITY: lazy(
        "EVA = (interest + fees − cost − expected loss) × (1 − tax) − loans × risk weight × 10.5% × 10%."
    ),
    P.PERFORMANCE: lazy(
        "Own payments into products in twelve months by family and channel; HHI is the sum of squared shares."
    ),
    P.PROSPECTING: lazy(
        "Least squares over six month averages, three months ahead, with the 80% band; worth is three years "
        "of EVA, weighted by staying and discounted by 10%."
    ),
    P.PRODUCT: lazy(
        "Share of holders of A who hold B × yearly margin of B, over products not held whose risk suits; "
        "lift above 1; 100 holders of A and 30 of both at least."
    ),
    P.PROMOTION: lazy(
        "(answers + 25 × rate of like customers) ÷ (invitations + 25); rest after four contacts in 30 days."
    ),
}
