"""The command API over HTTP, as a real process on a real book."""
