"""Whole mail worlds from one scenario: the practice, its provider, the people outside."""
