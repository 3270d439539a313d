"""The management commands ``customers_check`` and ``customers_export``."""
