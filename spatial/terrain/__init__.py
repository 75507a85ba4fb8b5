"""Heights, slopes, sky and sun."""
