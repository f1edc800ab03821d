"""Proof of the book: everything recomputed from the events' exact bytes, compared with what is stored beside them."""
