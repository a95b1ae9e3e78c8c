"""Servers for a caller that has no event loop of its own to give them."""
