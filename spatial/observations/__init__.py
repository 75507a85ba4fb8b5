"""Counts of people: read, laid over a run, tested against the scores, published."""
