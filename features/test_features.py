"""Every feature in this folder is run: a file that nobody binds would pass unread."""
# ruff: noqa: INP001 - tests are found by path, not imported

from pytest_bdd import scenarios

scenarios(".")
