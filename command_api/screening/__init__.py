"""Screening of names against sanctions and PEP lists, at onboarding and for the parties of payments.

`Screener.load([folder])` reads the lists, `screen(Party(name=...))` answers. What a hit leads to is decided elsewhere.
"""
