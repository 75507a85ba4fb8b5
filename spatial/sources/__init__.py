"""Reading data: the only code, with ``render``, that touches files or sees WGS 84."""
