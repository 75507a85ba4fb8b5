"""Indicators and rubric into scores; what the scores are asked."""
