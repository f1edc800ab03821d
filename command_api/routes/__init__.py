"""Routes: one file per noun; each only translates."""
