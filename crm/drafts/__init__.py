"""What is being written and not sent yet, kept for its writer alone."""
