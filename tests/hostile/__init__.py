"""Hostile input: files made to break a reader, and files broken by chance."""
