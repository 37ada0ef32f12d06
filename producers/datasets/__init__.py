"""Files that become customer events: the UCI Online Retail file, and anyone's own table."""
