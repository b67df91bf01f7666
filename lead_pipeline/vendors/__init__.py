"""What we ask: one small httpx client per vendor."""
