"""A shop whose accounts are customers of the payments service."""
