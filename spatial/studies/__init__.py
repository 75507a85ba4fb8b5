"""Questions asked of several analyses."""
