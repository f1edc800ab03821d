"""What both APIs can be asked, and what they answer.

Written by `python -m client.generator` from the OpenAPI documents; change the routes instead.
"""
