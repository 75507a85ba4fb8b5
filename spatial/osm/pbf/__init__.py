"""The decoder of .osm.pbf."""
