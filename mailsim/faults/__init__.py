"""What may go wrong on purpose, with any server: one syntax, one way to count what strikes."""
