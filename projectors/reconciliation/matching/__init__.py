"""Matching of bank statement lines with book entries. Pure: no I/O, no clock, no chance; order of input never decides.

``reconcile.py`` is the way in. ``rules.py`` is the policy as data, ``items.py`` what is compared, ``pairs.py``,
``groups.py`` and ``parts.py`` find matches of one with one and of several with several, ``breaks.py`` names what is
left, ``outcome.py`` is the answer and proves that it explains every cent.
"""
