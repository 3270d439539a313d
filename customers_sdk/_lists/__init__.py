"""The walk over the pages of a list, and fetching ahead of it."""
