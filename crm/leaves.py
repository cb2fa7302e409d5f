"""A nested record (JSON) as single values, to compare two of them in words."""

import json

NONE = "—"


def leaves(content, path: str = "") -> dict[str, str]:
    """Every single value of `content` by its path, as text."""
    if not isinstance(content, dict):
        return {path: content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)}
    found = {}
    for name, value in content.items():
        found |= leaves(value, f"{path}.{name}" if path else str(name))
    return found


def differences(before, after) -> list[list[str]]:
    """`[path, before, after]` of each value that differs; what is not there is NONE."""
    old, new = leaves(before or {}), leaves(after or {})
    return [
        [name, old.get(name, NONE), new.get(name, NONE)]
        for name in old | new
        if old.get(name) != new.get(name)
    ]
