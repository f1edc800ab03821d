"""Keeping versions of read models: which there are, what operators ask of them, and how they are.

    table.py       schema `projections`: versions, requests, reports
    conductor.py   starts and stops one projection per version, as the table says
    operating.py   carries out what operators ask: pause, rebuild, compare, promote, roll back, drop
    keeper.py      the versions of one model
    line.py        one version: its projection, and how it is doing

The table decides which version serves. The pointers that readers follow are set from it again and again, so a pointer
that was lost with its store, or a process that died between the two, is made good by itself.
"""
