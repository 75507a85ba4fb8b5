"""OpenStreetMap: an extract, or Overpass, into raw objects."""
