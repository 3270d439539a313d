"""The page that a browser shows of a sandbox: what was sent, what is stored, faults, settings."""
