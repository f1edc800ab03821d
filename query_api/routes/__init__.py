"""One module per noun; each route reads its parameters, asks one reader and returns a view."""
