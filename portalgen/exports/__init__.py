"""ERP files -> the book. `columns` says what may be in them, `csvfile` looks into one, `reader` fills the book."""
