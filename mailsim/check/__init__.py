"""Checks of a practice's settings against the servers they name: green or red, and the probe of a route (R2)."""
