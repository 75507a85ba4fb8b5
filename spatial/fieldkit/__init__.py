"""What is taken into the field."""
