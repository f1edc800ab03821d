"""The door for commands: HTTP in, one outcome out.

A route checks the shape, names the scope and hands the command to the desk; the desk gives it to the sequencer and
turns the outcome into an answer. Nothing is decided here.
"""
