"""The topics of the profile in words, and why the bank asks."""

from django.utils.translation import gettext_lazy as _

TOPICS = {
    "compliance": (_("Due diligence"), _("asked by the anti-money-laundering law")),
    "work": (_("Work and income"), _("decides suitability and credit")),
    "business": (_("Business"), _("decides credit and its conditions")),
    "family": (_("Family"), _("shows who decides, and what comes next in life")),
    "wealth": (_("Wealth"), _("shows the share of wallet")),
    "habits": (_("Preferences and habits"), _("so that he is reached as he likes")),
    "other": (_("Other"), _("asked by the bank")),
}


def topic_words(topic: str):
    return TOPICS[topic][0]


def why_words(topic: str):
    """Why the fields of a topic are asked."""
    return TOPICS[topic][1]
