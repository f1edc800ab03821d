"""The relay: reads the book, writes the stream, and is the only one that does.

Stream sequence = position, kept by the server: every publish names the sequence it expects to follow. How far the
stream is, is read from the stream, never remembered, so a second relay, a lost tail or a lost stream are all the same
case: read again, go on from there.
"""
