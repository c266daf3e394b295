"""
Opening: a chain's settings in, its endpoint or its pool of endpoints out.

Promise: one URL is one client, with nothing between it and its caller. Several are a pool of clients that do not repeat
calls themselves: the next endpoint is the repetition.
"""

from collections import Counter

from attrs import evolve

from xl2.ports import ChainSettings
from xl2_adapters.providers.circle import PoolLimits
from xl2_adapters.providers.endpoint import Rpc
from xl2_adapters.providers.pool import Pool
from xl2_adapters.rpc import RpcClient, RpcLimits
from xl2_adapters.rpc_wire import endpoint_name

#: The longest time of an attempt, in times of the longest silence in it.
_TOTAL = 1.5
#: How often endpoints are looked at side by side, in the time after which one is stale.
_LOOKS = 3
#: An endpoint has company after this share of its time.
_PATIENCE = 0.1


def rpc_of(settings: ChainSettings) -> Rpc:
    """How a chain is reached. Raises `InvalidInput` for what is no http(s) URL."""
    seconds = settings.rpc_timeout_seconds
    limits = RpcLimits(
        connect_timeout_seconds=min(5.0, seconds),
        read_timeout_seconds=seconds,
        total_timeout_seconds=_TOTAL * seconds,
        calls_per_second=settings.rpc_calls_per_second,
    )
    urls = (settings.rpc_url, *settings.rpc_urls)
    if len(urls) == 1:
        return RpcClient(settings.rpc_url, limits=limits)
    alone = evolve(limits, max_attempts=1)
    clients = [RpcClient(url, limits=alone) for url in urls]
    # Endpoints of one host differ in their paths, which nobody prints.
    many = {name for name, times in Counter(map(endpoint_name, urls)).items() if times > 1}
    for place, client in enumerate(clients, 1):
        if client.name in many:
            client.name += f" ({place})"
    pool = PoolLimits(
        quorum=settings.quorum or len(urls) // 2 + 1,
        stale_seconds=settings.stale_seconds,
        patience_seconds=_PATIENCE * seconds,
        survey_seconds=settings.stale_seconds / _LOOKS,
    )
    return Pool(settings.chain, clients, pool)
