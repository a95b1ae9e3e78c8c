"""Exploration: mail and faults made up for a site, and what by the rule book should come of them.

What is right is told by whoever made the mail, from the tables of the site alone: nothing here asks the code that is judged.
"""
