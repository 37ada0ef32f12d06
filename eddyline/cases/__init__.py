"""The cases of the field, each from data to a report: who belongs together, who will default, what to watch next."""
