"""Saved filters of lists, one's own or one's branch's; none ever widens what its reader sees."""
