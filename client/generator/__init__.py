"""Writes `bursar_client.generated` from the OpenAPI documents of both APIs, so that the client says what they say.

    python -m client.generator

from the checkout, after a route or a field has changed; a test compares what is committed with what this would write.
"""
