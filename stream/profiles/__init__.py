"""What is remembered of the customers of one partition."""
