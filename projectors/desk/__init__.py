"""``desk`` in Redis: a document per thing of every context, for those who look things up. See contracts/desk.py."""
