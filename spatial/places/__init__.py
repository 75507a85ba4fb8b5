"""Layers into places, places into meeting spaces."""
