"""`bursar import`: a bank's history from a described CSV file into the book.

The way of a line: `source` reads bytes, `lines` turns them into typed values as `mapping` says, `movements` into one
command, `posting` sends it in a batch, `tally` counts the answer, `reconciliation` compares the outcome with the bank's
own balances. Whatever stops a single line goes to `refusals` and never stops the next.
"""
