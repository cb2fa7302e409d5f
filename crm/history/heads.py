"""The heads of the chain outside the database: a file that only grows, for a server that others keep."""

import json
from pathlib import Path

from django.conf import settings

from crm.history.models import ChainSeal


def heads_file() -> Path:
    return Path(settings.HISTORY_HEADS)


def export_heads(path: Path | None = None) -> int:
    """Append the seals that the file does not hold yet, one JSON object a line; return how many."""
    path = path or heads_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    last = 0
    if path.exists() and (lines := path.read_text(encoding="utf-8").splitlines()):
        last = json.loads(lines[-1])["seal"]
    seals = list(ChainSeal.objects.filter(number__gt=last).order_by("number"))
    with path.open("a", encoding="utf-8") as stream:
        for seal in seals:
            told = {
                "seal": seal.number,
                "at": seal.at.isoformat(),
                "position": seal.last_position,
                "head": bytes(seal.head).hex(),
            }
            stream.write(json.dumps(told) + "\n")
    return len(seals)
