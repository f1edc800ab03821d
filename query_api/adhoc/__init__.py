"""Ad-hoc SQL: a question that somebody typed, asked of the lake where it can hurt nothing.

A question runs in a child process of its own that is thrown away afterwards. Four walls stand around it, each of which
would do alone: the statement is read by DuckDB's own parser and may name the catalog's views and harmless functions
only (`grammar`); DuckDB is locked (`lockdown`); the kernel allows the child little memory, time and nothing but the
lake's folder (`confinement`); and whoever asked gets an answer or a refusal at the limit, because the parent kills
(`children`).

jobs.py         what goes in and out of a child
grammar.py      which statements are questions
vocabulary.py   which functions a question may use
lockdown.py     a DuckDB that reads the lake and nothing else
confinement.py  what the kernel is asked to enforce
answering.py    a result as bytes, within bounds
child.py        the child
children.py     the parent's side: start, ask, kill
store.py        who asked what, and questions kept under a name: schema `adhoc` in PostgreSQL
asking.py       a question from the door to its answer
"""
