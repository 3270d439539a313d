"""How the service's own platform reads paths, queries and bodies, and JavaScript's values."""
