"""The wire: JSON text, and JSON objects to attrs classes and back."""
