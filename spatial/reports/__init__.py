"""Reports for a board, as documents without a layout, and as HTML and PDF."""
