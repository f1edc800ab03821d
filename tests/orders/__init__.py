"""Standing orders and payment files: their decisions, their doors, and the whole way to a payment."""
