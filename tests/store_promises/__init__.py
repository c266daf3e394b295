"""What every store promises, as classes of tests; each store's own module names them and opens the store."""
