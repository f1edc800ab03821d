"""The Python client: its core alone, and both shells against running servers."""
