"""What Bursar's processes say to each other: commands, events, money, names.

May live here: frozen message structs, the arithmetic of money, identifiers, the names of streams, subjects and keys;
and what is said to banks in files (iso20022/, statements/, iban.py, calendars.py).
May not: I/O, a clock, randomness, any library but msgspec and the standard library. The bank files alone may also use
pyiso20022 with xsdata, mt-940, schwifty, holidays and dateutil, each imported inside the function that needs it, so
that the messages of the processes stay quick to import. Import the module you need; this file exports nothing.
"""
