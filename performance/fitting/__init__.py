"""Models that are fitted over many customers: frames and arrays in, parameters out; no database.

Each fit says how well it does (likelihood, calibration, AUC), is stored with its version, and is never used
where it has too little to learn from. A customer's figures then follow by formula from the parameters.
"""
