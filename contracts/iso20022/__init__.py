"""ISO 20022 files: payment initiations in (pain.001), status reports out (pain.002), and the gate for XML from outside.

Bytes in, frozen structs out, and the other way round; no I/O. Readers return the struct or a FileRefusal.
"""
