"""Reads that span models: the branch board, the team, peers."""
