"""A small fintech that lives in a local stack: accounts with believable money, then gentle traffic."""
