"""The book in PostgreSQL: what a decision needs (load), what it leaves (rows, append), and the SQL of both."""
