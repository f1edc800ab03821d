"""One payment through the whole stack, and the proof that all its copies agree."""
