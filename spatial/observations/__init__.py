"""What people were seen doing: read into one table, laid over meeting spaces, and held against the scores. Pure."""
