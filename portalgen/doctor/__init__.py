"""Checks of a store, each a small function that says what it found and what to do about it.

`findings` is what a check gives; `bucket` and `folders` look at the two kinds of stores, `racing` at what both must
honour, `records` at the keys and the ledger, `address` at what the world gets under base_url. `policies` are what a
bucket's owner pastes.
"""
