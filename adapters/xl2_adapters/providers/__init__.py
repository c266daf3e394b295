"""Providers: several endpoints of one chain behind the face of one."""

from xl2_adapters.providers.endpoint import Rpc
from xl2_adapters.providers.opening import rpc_of
from xl2_adapters.providers.pool import Pool, PoolLimits

__all__ = ["Pool", "PoolLimits", "Rpc", "rpc_of"]
