"""``customers doctor``, check by check."""
