"""The feed: a bank's folders of files, loaded whole or not at all (docs/feed.md)."""
