"""Maps and tables: on the screen, on paper, for QGIS."""
