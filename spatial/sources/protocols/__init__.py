"""One file a protocol, with ``fetch(spec, area, *, transport)``."""
