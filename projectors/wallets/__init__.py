"""The read model in Redis: what the ledger looks like now. Its layout is in contracts/read_models.py."""
