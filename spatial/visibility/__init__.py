"""Visible areas and lines of sight."""
