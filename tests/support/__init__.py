"""What several test packages share. Nothing here pretends to be one of our parts; it makes input for them."""
