"""Every form counts once: a key per form, unique in the database (docs/security.md, G17)."""
