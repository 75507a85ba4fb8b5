"""The estate on a table: drawn on, looked at after each stroke, kept, and served to a browser on this machine."""
