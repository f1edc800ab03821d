"""The read model in Delta tables: every entry ever booked. Its columns are in contracts/read_models.py."""
