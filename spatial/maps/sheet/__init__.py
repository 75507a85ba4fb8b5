"""The printable site map at a true scale."""
