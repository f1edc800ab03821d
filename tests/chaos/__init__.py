"""Faults under traffic: whatever is killed, nothing is lost and nothing happens twice."""
