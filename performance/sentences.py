"""The seven P in plain words, in the reader's language: what is so, why, and one thing to do.

`sentence(p, analysed)` is what a tile says (domain.md §2, "Shown to the manager"). Amounts and dates are put
into words by crm.look; nothing here reads a clock.
"""

from dataclasses import dataclass

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from crm.look import dates, figures
from customers.choices import Channel, Family, Tier
from performance.choices import Band, ChannelGroup, Driver, P, PState

GOOD, FAIR, LOW = 3, 2, 1  # confidence


@dataclass(frozen=True)
class Sentence:
    """`clauses` break only between them; `act` is the one action, `contact` whether it is a contact."""

    clauses: list[str]
    act: str
    confidence: int = GOOD
    contact: bool = False
    state: str = "normal"
    fallback: str = ""


def bits(mask: int) -> list[int]:
    """The positions of the set bits, lowest first."""
    return [position for position in range(mask.bit_length()) if mask >> position & 1]


def value_of(row, p: str, name: str):
    return getattr(row, f"{p}_{name}")


def sentence(p: str, analysed) -> Sentence:
    """What P says of this customer: computed, too little data, or carried over from an earlier night."""
    row = analysed.row
    state = value_of(row, p, "state")
    if state == PState.INSUFFICIENT:
        return _insufficient(p, analysed)
    if state == PState.STALE and value_of(row, p, "on") is None:
        return Sentence([_("Not computed in any night yet")], "", LOW, state="pending")
    said = SENTENCES[p](analysed)
    if state == PState.STALE:
        return Sentence(said.clauses, _("See the reason"), said.confidence, state="stale")
    return said


def _insufficient(p: str, analysed) -> Sentence:
    have, need = value_of(analysed.row, p, "have") or 0, value_of(analysed.row, p, "need")
    lacking = _("Too little data:")
    amounts = UNITS[p](have, need)
    return Sentence(
        [lacking, amounts], _("See what is missing"), LOW, state="lacking", fallback=_("Waits for data")
    )


def _months(have, need):
    return ngettext("%(have)s of %(need)s full month", "%(have)s of %(need)s full months", need) % {
        "have": have,
        "need": need,
    }


def _days(have, need):
    return ngettext("%(have)s of %(need)s day", "%(have)s of %(need)s days", need) % {
        "have": have,
        "need": need,
    }


def _sales(have, need):
    return ngettext(
        "%(have)s of %(need)s sale in 12 months", "%(have)s of %(need)s sales in 12 months", need
    ) % {"have": have, "need": need}


def _invitations(have, need):
    return ngettext("%(have)s of %(need)s invitation", "%(have)s of %(need)s invitations", need) % {
        "have": have,
        "need": need,
    }


UNITS = {
    P.PROFILING: _months,
    P.PERSISTENCY: _days,
    P.PROFITABILITY: _days,
    P.PERFORMANCE: _sales,
    P.PROSPECTING: _months,
    P.PRODUCT: _days,
    P.PROMOTION: _invitations,
}


def field_name(field) -> str:
    """A profile field's name in the reader's language."""
    return field.name if (get_language() or "").startswith("zh") else field.name_en


def _profiling(analysed) -> Sentence:
    row = analysed.row
    tier = _("%(tier)s customer,") % {"tier": Tier(row.profiling_tier).label}
    if row.profiling_completeness_pct is None:
        return Sentence([tier, _("nothing is required of the profile")], "")
    missing = row.profiling_missing_count
    if not missing:
        return Sentence([tier, _("profile complete")], _("Keep it fresh"))
    words = ngettext(
        "profile %(share)s%% complete, %(n)s field missing",
        "profile %(share)s%% complete, %(n)s fields missing",
        missing,
    ) % {"share": row.profiling_completeness_pct, "n": missing}
    act = _("Ask for: %(field)s") % {"field": field_name(analysed.missing[0])} if analysed.missing else ""
    return Sentence([tier, words], act, contact=True)


def _persistency(analysed) -> Sentence:
    row = analysed.row
    drivers = [driver for driver in (row.persistency_driver, row.persistency_driver2) if driver]
    clauses = [driver_words(driver, row) for driver in drivers]
    if len(clauses) == 2:
        clauses[0] += _(",")
    if not clauses:
        loyalty = figures.number(row.persistency_loyalty)
        clauses = [_("Nothing points to leaving,"), _("loyalty %(n)s of 100") % {"n": loyalty}]
    if Driver.MATURING in drivers:
        act = _("Call before it matures")
    elif row.persistency_band == Band.LOW:
        act = _("Keep in touch")
    else:
        act = _("Call to keep the customer")
    confidence = FAIR if (row.profitability_days or 0) >= 365 else LOW  # weights not refitted yet
    return Sentence(clauses, act, confidence, contact=True)


def driver_words(driver: int, row) -> str:
    """What raises the probability of leaving, with its figure."""
    if driver == Driver.DROP:
        share = figures.percent(abs(row.persistency_change_bp) / 10000, 0)
        return _("assets down %(share)s") % {"share": share}
    if driver == Driver.MATURING:
        return _("%(amount)s matures within 30 days") % {
            "amount": figures.short_money(row.persistency_maturing_fen)
        }
    return {
        Driver.NO_LOGIN: _("no digital use for 60 days"),
        Driver.SALARY_STOPPED: _("salary no longer comes"),
        Driver.COMPLAINT: _("complained in the last 90 days"),
    }[driver]


def _profitability(analysed) -> Sentence:
    row = analysed.row
    days = row.profitability_days
    amount = figures.short_money(row.profitability_eva_fen)
    if days >= 365:
        made = _("Created %(amount)s net in a year")
    else:
        made = _("%(amount)s net a year, from %(days)s days")
    made %= {"amount": amount, "days": days}
    if row.profitability_percentile is None:
        return Sentence([made], _("See what it is made of"), FAIR)
    top = max(100 - row.profitability_percentile, 1)
    if top <= 50:
        place = _("in the top %(n)s%% of the tier") % {"n": top}
    else:
        place = _("below %(n)s%% of the tier") % {"n": top - 1}
    confidence = GOOD if days >= 365 else FAIR if days >= 180 else LOW
    return Sentence([made + _(","), place], _("See what it is made of"), confidence)


def _performance(analysed) -> Sentence:
    row = analysed.row
    share = figures.percent(row.performance_digital_bp / 10000, 0)
    mostly = _("mostly %(family)s") % {"family": Family(row.performance_family).label}
    act = _("Reach by: %(channel)s") % {"channel": ChannelGroup(row.performance_channel).label}
    if row.performance_channel == ChannelGroup.OTHER:
        act = _("See the sales")
    digital = _("%(share)s bought digitally,") % {"share": share}
    return Sentence(
        [digital, mostly], act, GOOD if row.performance_yoy_bp is not None else FAIR, contact=True
    )


def _prospecting(analysed) -> Sentence:
    row = analysed.row
    ahead = _("About %(amount)s in three months") % {"amount": figures.short_money(row.prospecting_aum_fen)}
    band = _("(%(low)s to %(high)s)") % {
        "low": figures.short_money(row.prospecting_low_fen),
        "high": figures.short_money(row.prospecting_high_fen),
    }
    act = _("Plan to keep") if row.prospecting_slope_fen < 0 else _("Plan to grow")
    width = (row.prospecting_high_fen - row.prospecting_low_fen) / max(row.prospecting_aum_fen, 1)
    return Sentence([ahead, band], act, GOOD if width < 0.15 else FAIR if width < 0.6 else LOW)


def _product(analysed) -> Sentence:
    row = analysed.row
    offered = analysed.products.get(row.product_product_id)
    if offered is None:
        customer = analysed.customer
        if not (customer.marketing_consent and customer.profiling_consent):
            return Sentence(
                [_("No offers: no consent to them")], _("Ask for consent"), state="rest", contact=True
            )
        if customer.risk is None and customer.is_person:
            return Sentence(
                [_("No suitable product:"), _("risk test missing")], _("Arrange the risk test"), contact=True
            )
        return Sentence([_("Nothing suitable that is not held yet")], "")
    if row.product_fallback:
        words = [_("Too few holders to compare:"), _("most held: %(product)s") % {"product": offered.name}]
        act = _("See the segment's first: %(product)s") % {"product": offered.name}
        return Sentence(words, act, LOW, state="lacking", fallback=_("Segment's first choice"))
    held = analysed.products.get(row.product_because_id)
    words = _("%(share)s of holders of %(held)s also hold %(product)s") % {
        "share": figures.percent(row.product_confidence_bp / 10000, 0),
        "held": held.name if held else figures.UNKNOWN,
        "product": offered.name,
    }
    act = _("Offer: %(product)s") % {"product": offered.name}
    return Sentence([words], act, GOOD if row.product_lift >= 1.5 else FAIR, contact=True)


def _promotion(analysed) -> Sentence:
    row = analysed.row
    confidence = GOOD if row.promotion_invited >= 6 else FAIR if row.promotion_invited else LOW
    if row.promotion_rest:
        if not analysed.customer.marketing_consent or not analysed.customer.profiling_consent:
            why = _("no consent to marketing")
        else:
            why = _("%(n)s contacts in 30 days") % {"n": row.promotion_contacts}
        return Sentence([_("Leave alone:"), why], _("See the contacts"), confidence, state="rest")
    best = Channel(row.promotion_channel).label if row.promotion_channel else figures.UNKNOWN
    if not row.promotion_invited:
        share = figures.percent(row.promotion_response, 0)
        words = [_("Never invited; like customers answer %(share)s") % {"share": share}]
    else:
        words = [
            ngettext(
                "Answered %(r)s of %(n)s invitation;",
                "Answered %(r)s of %(n)s invitations;",
                row.promotion_invited,
            )
            % {"r": row.promotion_responded, "n": row.promotion_invited}
        ]
    words.append(_("best by %(channel)s") % {"channel": best})
    return Sentence(words, _("Invite by: %(channel)s") % {"channel": best}, confidence, contact=True)


SENTENCES = {
    P.PROFILING: _profiling,
    P.PERSISTENCY: _persistency,
    P.PROFITABILITY: _profitability,
    P.PERFORMANCE: _performance,
    P.PROSPECTING: _prospecting,
    P.PRODUCT: _product,
    P.PROMOTION: _promotion,
}


def basis(analysed, p: str) -> list[str]:
    """The date of the data and the version of the rules."""
    on = value_of(analysed.row, p, "on")
    return [
        _("Data as of %(day)s") % {"day": dates.full_day(on)} if on else _("No data yet"),
        _("Rules %(version)s") % {"version": analysed.night.version},
    ]
