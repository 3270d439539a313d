"""Calls over HTTP: keys, tries, exchanges, sessions. Its one door is `transport.Transport`."""
