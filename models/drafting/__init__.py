"""Drafting of note statements from committed words: local rules, grounded, silent when unsure."""
