"""The demo bank: a believable Chinese city bank, written as feed folders (docs/feed.md).

Everything here is constructed. Nothing imports a model: the demo bank comes in by the same door as every
other bank. One seed gives the same bytes on every machine.
"""
