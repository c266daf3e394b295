"""Python and the contracts agree on every station in the lives of games and outputs, in all three eras.

The proofs were recorded of the OP Stack's own contracts; what is accepted comes out byte for byte, each node once.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from tests.unit.adapters.recorded import Path as Nodes
from tests.unit.adapters.recorded import Recorded, header
from xl2.core.storage_proof import pack_paths, unpack_paths
from xl2.core.trie import account_at, word_at
from xl2.core.types import ZERO_HASH, Address, BlockNumber, Hash32, address
from xl2.core.wire import Reader
from xl2.errors import NotYet, ProofInvalid, Xl2Error
from xl2_adapters.op_stack import game_proof, output_proof, registry_proof
from xl2_adapters.op_stack.game_list import SettledGame
from xl2_adapters.op_stack.game_proof import GAME, ProvenGames, listed_slot
from xl2_adapters.op_stack.games import Games
from xl2_adapters.op_stack.output_proof import ProvenOutputs, output_slot
from xl2_adapters.op_stack.output_root import OutputRoot
from xl2_adapters.op_stack.outputs import Outputs, SettledOutput
from xl2_adapters.op_stack.registry import RegistryGames
from xl2_adapters.op_stack.registry_proof import ProvenRegistry
from xl2_adapters.op_stack.rule import Game, Output
from xl2_adapters.rollup import ProvableRoots, SettledRoot

FOLDER = Path(__file__).parents[2] / "vectors" / "proofs"
GAMES = json.loads((FOLDER / "games.json").read_text())
GAME_PINS = json.loads((FOLDER / "pins.json").read_text())
OUTPUTS = json.loads((FOLDER / "outputs.json").read_text())
REGISTRY = json.loads((FOLDER / "registry.json").read_text())

#: What may help itself with time, or with another game; all else is no proof.
WAITS = {"NotDefended", "NotYetSettled", "NotRespected", "NotRespectedWhenCreated", "Retired"}


@frozen
class Station:
    """A recorded proof, taken apart."""

    told: dict[str, str]
    front: bytes
    paths: tuple[Nodes, ...]

    @property
    def expected(self) -> bytes:
        """The same proof with each node given once."""
        return self.front + pack_paths(self.paths)

    def word(self, account: Address, slot: Hash32, at: int, by: int) -> int:
        """Word of an account, by the paths at these places; zero where they show none."""
        try:
            root = account_at(Hash32(bytes.fromhex(self.told["l1StateRoot"][2:])), account, self.paths[at]).storage_root
            return int.from_bytes(word_at(root, slot, self.paths[by]))
        except ProofInvalid:
            return int.from_bytes(ZERO_HASH)


def taken_apart(told: dict[str, str], front: int) -> Station:
    proof = bytes.fromhex(told["proof"][2:])
    return Station(told, proof[:front], unpack_paths(proof[front:]))


def pinned(kind: type[Any], names: dict[str, str]) -> Any:
    values = {name: names[key] for name, key in zip(kind.__annotations__, names, strict=True)}
    return kind(**{name: int(value, 16) if len(value) < 42 else address(value) for name, value in values.items()})


async def verdict(roots: ProvableRoots[Any], root: SettledRoot, station: Station) -> bytes | Xl2Error:
    try:
        return await roots.rule_proof(root, header(station.told["l1StateRoot"], station.told["l1Timestamp"]))
    except (NotYet, ProofInvalid) as refused:
        return refused


def agree(said: bytes | Xl2Error, error: str, station: Station) -> None:
    if not error:
        assert said == station.expected
    else:
        assert isinstance(said, NotYet if error in WAITS else ProofInvalid)


def game_of(station: Station, factory: Address, game_at: int) -> SettledGame:
    """The game as calls would have told it; what stands in the proof before the trie proofs is all that they add."""
    read = Reader(station.front, "front of a proof")
    index, number = read.uint(8), BlockNumber(read.uint(8))
    creator, l1_head = read.address(), Hash32(read.take(32))
    output = OutputRoot(**{name: Hash32(read.take(32)) for name in OutputRoot.__annotations__})
    listed = station.word(factory, listed_slot(index), 0, 2)
    at = Address((listed % (1 << 160)).to_bytes(20))
    facts = station.word(at, GAME, game_at, game_at + 1)
    game = Game(
        index=index,
        address=at,
        kind=listed >> 224,
        created_at=facts % (1 << 64),
        resolved_at=(facts >> 64) % (1 << 64),
        status=(facts >> 128) % 256,
        is_blacklisted=False,
        creator=creator,
        root_claim=output.hash,
        l1_head=l1_head,
        number=number,
    )
    return SettledGame(number=number, state_root=output.state_root, name="", game=game, output=output)


FRONT_OF_GAME = 8 + 8 + 20 + 32 + 3 * 32


@pytest.mark.parametrize("told", GAMES, ids=[one["name"] for one in GAMES])
async def test_a_game_is_judged_as_the_contract_judges_it(told: dict[str, str]) -> None:
    read = Reader(bytes.fromhex(told["rootProof"][2:]), "root proof")
    read.take(read.uint(2))
    station = taken_apart({**told, "proof": "0x" + read.take(read.uint(3)).hex()}, FRONT_OF_GAME)
    pins = pinned(game_proof.Pins, GAME_PINS)
    l1 = Recorded(station.paths)
    roots = ProvenGames(games=Games(l1=l1, rollup=l1, portal=pins.portal), pins=pins)

    said = await verdict(roots, game_of(station, pins.factory, 10), station)

    agree(said, told["proven"], station)


@pytest.mark.parametrize("told", REGISTRY["stations"], ids=[one["name"] for one in REGISTRY["stations"]])
async def test_a_game_of_a_registry_is_judged_as_the_contract_judges_it(told: dict[str, str]) -> None:
    station = taken_apart(told, FRONT_OF_GAME)
    pins = pinned(registry_proof.Pins, REGISTRY["pins"])
    l1 = Recorded(station.paths)
    roots = ProvenRegistry(games=RegistryGames(l1=l1, rollup=l1, portal=pins.portal), pins=pins)

    said = await verdict(roots, game_of(station, pins.factory, 14), station)

    agree(said, told["proven"], station)


@pytest.mark.parametrize("told", OUTPUTS, ids=[one["name"] for one in OUTPUTS])
async def test_an_output_is_judged_as_the_contract_judges_it(told: dict[str, str]) -> None:
    station = taken_apart(told, 8 + 3 * 32)
    proxies = ("oracle", "superchainConfig", "portal")
    names = tuple(name for proxy in proxies for name in (proxy, f"{proxy}Implementation"))
    pins = pinned(output_proof.Pins, {name: told[name] for name in names})
    l1 = Recorded(station.paths)
    read = Reader(station.front, "front of a proof")
    index = read.uint(8)
    output = OutputRoot(**{name: Hash32(read.take(32)) for name in OutputRoot.__annotations__})
    when = station.word(pins.oracle, output_slot(index, 1), 0, 4)
    proposed = Output(index=index, root=output.hash, proposed_at=when % (1 << 128), number=BlockNumber(when >> 128))
    root = SettledOutput(
        number=proposed.number, state_root=output.state_root, name="", proposed=proposed, output=output
    )
    outputs = Outputs(l1=l1, rollup=l1, oracle=pins.oracle, pause=pins.superchain_config)

    said = await verdict(ProvenOutputs(outputs=outputs, pins=pins), root, station)

    agree(said, told["error"], station)
