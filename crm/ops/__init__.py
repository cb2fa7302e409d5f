"""Running the bank: logs, health, metrics, backup, retention (docs/operations.md)."""
