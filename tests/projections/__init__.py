"""Versions of read models: built beside the one that serves, compared, promoted, rolled back, while readers read."""
