"""Municipal and national data; the only reader of foreign formats but OpenStreetMap."""
