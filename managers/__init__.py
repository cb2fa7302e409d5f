"""The organisation: branches, people, grades, leave, training, the working calendar."""
