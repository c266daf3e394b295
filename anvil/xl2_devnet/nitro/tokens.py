"""
Nitro tokens: Arbitrum's token bridge between an L1 and one chain: a router and a gateway on either side.

Plans and an inbox come in, the router's address on L1 goes out. Promise: the contracts are those of
@arbitrum/token-bridge-contracts 1.2.5, put together as on Arbitrum One; there they stand behind proxies, here by
themselves, and the beacon of bridged tokens never changes.
"""

from functools import lru_cache

from eth_utils import to_bytes

from xl2_adapters.rpc import RpcClient
from xl2_adapters.rpc_wire import Json, data
from xl2_devnet.abi import Contract, shipped
from xl2_devnet.plan import Plan

_ZERO = "0x" + "00" * 20


@lru_cache
def token_bridge(name: str) -> Contract:
    """One of the token bridge's contracts."""
    return shipped("nitro_tokens", name)


async def deploy_token_bridge(l1: Plan, l2: Plan, *, l1_rpc: RpcClient, l2_rpc: RpcClient, inbox: str) -> str:
    """
    Deploy both sides and make them name each other; the router on L1.

    Raises:
        DeploymentFailed: a transaction did not succeed.
    """
    l1_router, l1_gateway = (l1.create(token_bridge(name)) for name in ("L1GatewayRouter", "L1ERC20Gateway"))
    l2_router, l2_gateway, factory, token = (
        l2.create(token_bridge(name))
        for name in ("L2GatewayRouter", "L2ERC20Gateway", "BeaconProxyFactory", "StandardArbERC20")
    )
    beacon = l2.create(_beacon(token))
    l2.call(factory, token_bridge("BeaconProxyFactory"), "initialize", beacon)
    l2.call(l2_gateway, token_bridge("L2ERC20Gateway"), "initialize", l1_gateway, l2_router, factory)
    l2.call(l2_router, token_bridge("L2GatewayRouter"), "initialize", l1_router, l2_gateway)
    await l2.carry_out(l2_rpc)
    # The L1 side foretells a token's address on L2 by it.
    proxy_hash = await _view(l2_rpc, factory, token_bridge("BeaconProxyFactory"), "cloneableProxyHash")
    gateway = token_bridge("L1ERC20Gateway")
    l1.call(l1_gateway, gateway, "initialize", l2_gateway, l1_router, inbox, proxy_hash, factory)
    router = token_bridge("L1GatewayRouter")
    l1.call(l1_router, router, "initialize", l1.account, l1_gateway, _ZERO, l2_router, inbox)
    await l1.carry_out(l1_rpc)
    return l1_router


def _beacon(implementation: str) -> Contract:
    """A beacon that answers every call with the one address: PUSH20 it, MSTORE at 0, RETURN 32 bytes."""
    runtime = b"\x73" + to_bytes(hexstr=implementation) + bytes.fromhex("60005260206000f3")
    # Copies what follows these eleven bytes and returns it.
    creation = bytes((0x60, len(runtime))) + bytes.fromhex("80600b6000396000f3")
    return Contract(name="Beacon", abi=[], bytecode=creation + runtime)


async def _view(rpc: RpcClient, to: str, contract: Contract, function: str) -> bytes:
    request: Json = {"from": _ZERO, "to": to, "data": "0x" + contract.call(function).hex()}
    return data(await rpc.call("eth_call", request, "latest"), rpc.name)
