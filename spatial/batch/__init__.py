"""Many areas from one extract."""
