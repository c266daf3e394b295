"""The devnet: an L1 and L2s on anvil, with the rollups' own contracts, true roots and true proofs."""
