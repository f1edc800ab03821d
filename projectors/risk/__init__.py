"""``risk`` in Redis: how often, how much and with whom customers pay, for the score at the door."""
