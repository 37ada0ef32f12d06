"""Declared features: what is remembered of a customer, and how it is read at a time."""
