"""Attester: signs heads of final blocks that it recomputed itself. Read `recompute`, `attest`, `service`."""
