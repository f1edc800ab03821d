"""The public stream: what the book says to other systems, as a projection whose read model is a stream.

accounts.py …    per context, which internal event becomes which public one, as pure functions in a table
translating.py   the tables together: one internal event -> its public events
target.py        the stream as a target: checkpoint read back from the stream itself, fenced publishing
"""
