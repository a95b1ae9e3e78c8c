"""Diagnosis: from one message to why it went where it did, what would have it go elsewhere, and the least that shows it.

Routing is pure, so nothing here is guessed that can be run: rules that were not reached are run, changes are tried.
"""
