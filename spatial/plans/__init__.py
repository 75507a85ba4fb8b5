"""Redevelopment plans: read, checked, carried out, compared."""
