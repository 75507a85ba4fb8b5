"""Results told in words and as JSON."""
