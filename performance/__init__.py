"""The night: rollups, 7P, scorecards and what is published from them."""
