"""ISO 20022: payment initiations in (pain.001), their status reports out (pain.002), what banks say to each other about
a payment (pacs), and the gate for XML from outside.

Bytes in, frozen structs out, and the other way round; no I/O. Readers return the struct or a FileRefusal.
"""
