"""Fault injection, the log of requests, and the routes that steer both."""
