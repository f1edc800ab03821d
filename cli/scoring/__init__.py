"""What `bursar risk` does: history read again, rulesets compared on it, a model trained from it."""
