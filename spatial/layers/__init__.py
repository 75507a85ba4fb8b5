"""Raw objects into canonical layers."""
