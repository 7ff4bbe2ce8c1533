"""Where bundles are published. `base` is the contract; each other module is one kind of store."""
