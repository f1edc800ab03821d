"""Account statements of banks, whatever the format: camt.053, MT940 and described CSV become one struct, BankStatement.

Bytes in, frozen structs out; no I/O. Readers return statements that add up to the minor unit, or a FileRefusal.
"""
