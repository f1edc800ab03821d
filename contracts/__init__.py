"""What Bursar's processes say to each other: commands, events, money, names.

May live here: frozen message structs, the arithmetic of money, identifiers, the names of streams, subjects and keys.
May not: I/O, a clock, randomness, any library but msgspec and the standard library. Import the module you need;
this file exports nothing.
"""
