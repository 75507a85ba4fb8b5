"""What everybody may use; imports nothing of the rest."""
