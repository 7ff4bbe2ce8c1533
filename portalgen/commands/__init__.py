"""One verb per file: a function that does the work and returns a report."""
