"""The walking network and distances along it."""
