"""Faults: what is left when a write fails, a process is killed, a disk is full, a server lies."""
