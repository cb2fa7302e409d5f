"""Segments, strategies, campaigns, opportunities, product ideas."""
