"""Requests to the back office, complaints, surveys, post-loan checks."""
