"""
Attesters: honest ones over chains in memory, and a prover that asks them.

Comes in: a world. Goes out: whoever signs its heads, with a key that everybody may know. Promise: these are the
attester and the prover that run in earnest; only the chains are in memory.
"""

from collections.abc import Sequence

from eth_account import Account

from xl2.attester.attest import HeadAttester
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address
from xl2.ports import Attester, Log, Signer, VerifierSettings
from xl2.testing import MemorySigner, World
from xl2_adapters.attested import AttestedProver
from xl2_adapters.web3_edge import signer

CONTRACT = Address(b"\x0a" * 20)
CAROL = MemorySigner.named("carol")
#: Of five, in the order of their accounts; any three of them are enough.
KEYS = sorted(
    ("0x" + f"{n:064x}" for n in range(1, 6)), key=lambda key: bytes.fromhex(Account.from_key(key).address[2:])
)


async def world_with_a_message() -> World:
    """Chains in memory, of which one has sent a message that is final."""
    world = World()
    await world.chain(901).put(world.lane(901, 902))
    world.chain(901).mine(2)
    return world


def log_of(world: World) -> Log:
    """Where its messages stand."""
    return Log(lane=world.lane(901, 902), kind=LogKind.LANE)


def attester_of(world: World, who: Signer) -> HeadAttester:
    """One that signs heads of either chain for the other."""
    chains = {world.chain(one).chain: world.chain(one) for one in (901, 902)}
    return HeadAttester(signer=who, chains=chains, verifiers=dict.fromkeys(chains, CONTRACT))


def honest(world: World) -> list[HeadAttester]:
    """All five."""
    return [attester_of(world, signer(key)) for key in KEYS]


def prover(world: World, attesters: Sequence[Attester]) -> AttestedProver:
    """Who asks these for signatures of the five."""
    verifier = VerifierSettings(
        number=0,
        kind="attested",
        address=CONTRACT,
        signers=tuple(signer(key).address for key in KEYS),
        threshold=3,
    )
    return AttestedProver(
        home=world.chain(901), reader=world.chain(902), verifier=verifier, attesters=attesters, timeout_seconds=3_600
    )
