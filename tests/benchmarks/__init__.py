"""Benchmarks: every performance claim of Bursar, each beside a baseline measured in the same run.

Machines are noisy: read the ratios. All servers are real, fsync is on, authentication is on, and the load generator
shares the machine with what it measures. Run them with `./bursar bench`.
"""
