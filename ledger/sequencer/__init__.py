"""The sequencer: many callers, one order.

``queue`` bounds what waits, ``deciding`` is pure over a batch, ``sequencer`` commits.
"""
