"""
Nitro: the family of Arbitrum One and Nova. Entry point `nitro` of `xl2.adapters`.

Heads: read `outbox` (what L1 confirms), `roots` (what of it is true), `root_proof`. Canonical bridge: `ticket`,
`inbox`, `pricing`, `retryables` on the way down, `send`, `sends` on the way up; `canonical` joins them.
"""

from xl2_adapters.nitro.family import Nitro

__all__ = ["Nitro"]
