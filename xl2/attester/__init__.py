"""Attester: signs heads of final blocks that it recomputed itself. Read `flow.recompute`, `attest`, `service`."""
