"""The second wall: row-level security below `visible_to`, and the database roles that stand behind it.

`roles` names them, `policies` has one line for each table, `install` puts both into the database after
`migrate`, `middleware` gives every request its role and scope, `report` says what is missing.
"""
