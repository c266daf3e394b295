"""
Tokens: what an ERC-20 transfer costs, over a lock bridge and a mint bridge with finite limits.

A crossing comes in, figures go out. Promise: as `gas`: steady state, so the sender keeps tokens and a finite approval,
the recipient has tokens, and both bridges have locked, minted and counted before.
"""

from bench.crossing import DEPLOYER, PAYEE, Crossing, Station
from bench.figures import Figure
from bench.machine import ours
from xl2.core.interop import InteropAddress
from xl2.core.transfer import Transfer
from xl2.core.types import Address, Assurance, Timestamp

_COIN = 10**18
_GAS_LIMIT = 200_000
_LIFETIME = 7 * 86_400
_CAPACITY = 10**6 * _COIN
_WINDOW = 86_400
_RECIPIENT = PAYEE


async def measure_tokens(crossing: Crossing, expiry: int) -> dict[str, Figure]:
    """`transfer_erc20_*`."""
    a, b = crossing.origin.machine, crossing.destination.machine
    # OpenZeppelin's ERC-20, minted to whom it belongs: its bridge is the deployer here.
    token = await a.deploy("BridgedToken", "Coin", "C", 18)
    lock = await a.deploy("LockBridge", token, _terms(crossing.origin), DEPLOYER)
    mint = await b.deploy("MintBridge", "Coin", "xC", 18, a.chain, _terms(crossing.destination), DEPLOYER)
    for machine, bridge, other, there in ((a, lock, mint, b), (b, mint, lock, a)):
        await machine.gas(bridge, ours("LockBridge").call("link", there.chain, other))
        await machine.gas(bridge, ours("LockBridge").call("setLimit", there.chain, _CAPACITY, _WINDOW))
    await a.gas(token, ours("BridgedToken").call("crosschainMint", DEPLOYER, 1000 * _COIN))
    await a.gas(token, ours("BridgedToken").call("approve", lock, 100 * _COIN))

    sends = [await _transfer(crossing, lock, mint, expiry) for _ in range(3)]
    await crossing.deliver(0)
    attested = await crossing.deliver(1)
    known = await crossing.deliver(2, known=True)
    await crossing.check()
    how = "gasUsed of the transaction's receipt, steady state, limits set"
    return {
        "transfer_erc20_send": Figure(value=sends[-1], unit="gas", how=f"{how}; OpenZeppelin's ERC20, no fee"),
        "transfer_erc20_deliver_attested": Figure(
            value=attested, unit="gas", how=f"{how}, with the signatures of 3 of 5 attesters"
        ),
        "transfer_erc20_deliver_known": Figure(value=known, unit="gas", how=f"{how}; the head was shown before"),
    }


async def _transfer(crossing: Crossing, lock: Address, mint: Address, expiry: int) -> int:
    """Send one coin; the gas of it."""
    there = InteropAddress(chain=crossing.lane.destination, account=_RECIPIENT)
    call = ours("LockBridge").call("transfer", there.encode(), _COIN, expiry)
    used = await crossing.origin.machine.gas(lock, call)
    here = InteropAddress(chain=crossing.lane.origin, account=DEPLOYER)
    crossing.book(
        sender=lock,
        recipient=mint,
        asked_gas=_GAS_LIMIT,
        ends=Timestamp(expiry),
        payload=Transfer(sender=here, recipient=_RECIPIENT, amount=_COIN).encode(),
    )
    return used


def _terms(station: Station) -> tuple[object, ...]:
    """Outbox, inbox, guard, class, gas limit, lifetime."""
    return (station.outbox, station.inbox, station.guard, int(Assurance.ATTESTED), _GAS_LIMIT, _LIFETIME)
