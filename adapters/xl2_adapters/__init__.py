"""The windows: what turns the house's ports into calls on real chains, one module a family of chains."""
