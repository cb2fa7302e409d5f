"""`make run`: the whole bank on one machine, from an empty folder to a page in the browser."""
