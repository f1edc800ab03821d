"""Settlement on real parts."""
