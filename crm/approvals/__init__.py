"""Four eyes: one table of requests, a registry of kinds, an inbox. See docs/adr and docs/security.md (G7)."""
