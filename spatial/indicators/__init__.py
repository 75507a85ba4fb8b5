"""What is measured of a place: one file per indicator or close family."""
