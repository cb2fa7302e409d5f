"""How figures, dates, secrets and small pictures look. Below the apps: knows no model."""
