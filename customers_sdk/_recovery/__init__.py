"""Writes and look-ups that verbs are made of: look, compare, decide."""
