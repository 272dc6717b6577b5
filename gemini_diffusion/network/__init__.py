"""Calling a service: the one retry loop."""
