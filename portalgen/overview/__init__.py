"""Who has a portal, in which state, and what each link shows: as text, as a table, as a page."""
