"""Renderers: a finished result into a file; each is one module with ``render(result, path)``."""
