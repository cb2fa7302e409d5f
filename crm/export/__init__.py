"""Files that leave the house: text cells, masks, watermark, audit first (docs/security.md, G11)."""
