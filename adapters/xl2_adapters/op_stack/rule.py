"""
Rule: what the OP Stack itself asks of a dispute game, or of an output, before a withdrawal may rest on it.

Comes in: the facts of a game, of the portal, and one L1 block's time as the clock. Goes out: whether the game's claim
is settled then, and if not, why. Promise: the same rule as `contracts/src/verifiers/op_stack/WithdrawalRule.sol`, and
the same rebuilt code of a game as `GameClone.sol`. Whether the facts are true is left to `games` and `game_proof`.
"""

from attrs import frozen

from xl2.core.hashing import keccak
from xl2.core.types import Address, BlockNumber, Hash32, Timestamp

DEFENDER_WINS = 2


@frozen(kw_only=True)
class Game:
    """A dispute game, at one L1 block."""

    index: int
    address: Address
    kind: int
    created_at: int
    resolved_at: int
    status: int
    is_blacklisted: bool
    #: Whether its type was respected when it was created; asked only where a registry judges.
    was_respected: bool = True
    creator: Address
    root_claim: Hash32
    l1_head: Hash32
    #: Block of the rollup that the claim is about.
    number: BlockNumber


@frozen(kw_only=True)
class Terms:
    """What the portal asks, at one L1 block."""

    kind: int
    kind_since: int
    finality_delay: int
    maturity_delay: int
    is_paused: bool


@frozen(kw_only=True)
class RegistryTerms:
    """What portal and registry ask, at one L1 block."""

    #: Games created until then are retired.
    retirement: int
    finality_delay: int
    maturity_delay: int
    is_paused: bool


@frozen(kw_only=True)
class Output:
    """An output of the oracle from before dispute games, at one L1 block."""

    index: int
    root: Hash32
    #: Time of L1 at which it was proposed.
    proposed_at: int
    #: Block of the rollup that the root is about.
    number: BlockNumber


def why_not_settled(game: Game, terms: Terms, time: Timestamp) -> str | None:
    """None where a withdrawal may rest on the game at that time; else the reason. Source: `WithdrawalRule.sol`."""
    settled = max(game.resolved_at + terms.finality_delay, game.created_at + 1 + terms.maturity_delay)
    refusals = (
        (terms.is_paused, "withdrawals are paused"),
        (game.is_blacklisted, "it is blacklisted"),
        (game.status != DEFENDER_WINS, f"its status is {game.status}, not {DEFENDER_WINS}"),
        (game.kind != terms.kind, f"its type is {game.kind}, respected is {terms.kind}"),
        (game.created_at < terms.kind_since, f"it is older than the respected type, of {terms.kind_since}"),
        (time <= settled, f"it settles after {settled}, l1 is at {time}"),
    )
    return next((reason for refused, reason in refusals if refused), None)


def why_not_settled_by_registry(game: Game, terms: RegistryTerms, time: Timestamp) -> str | None:
    """None where a withdrawal may rest on the game at that time; else the reason. Source: `RegistryRule.sol`."""
    if not game.was_respected:
        return f"its type {game.kind} was not the respected one when it was created"
    if game.created_at <= terms.retirement:
        return f"it is retired with all until {terms.retirement}, it was created at {game.created_at}"
    # The rest is as it was: defended, and the two delays, which count from the same moments.
    same = Terms(
        kind=game.kind,
        kind_since=0,
        finality_delay=terms.finality_delay,
        maturity_delay=terms.maturity_delay,
        is_paused=terms.is_paused,
    )
    return why_not_settled(game, same, time)


def why_output_not_settled(output: Output, period: int, time: Timestamp) -> str | None:
    """None where the finalization period of an output of the oracle is over at that time; else the reason."""
    ready = output.proposed_at + period
    return f"it settles after {ready}, l1 is at {time}" if time <= ready else None


def clone_code_hash(implementation: Address, game: Game) -> Hash32:
    """Hash of the code that the factory gives a game (Solady's clone with immutable arguments)."""
    return keccak(
        b"".join(
            (
                bytes.fromhex(
                    "36602c57343d527f9e4ac34f21c619cefc926c8bd93b54bf5a39c7ab2127a895af1cc0691d7e3dff593da1005b"
                ),
                bytes.fromhex("363d3d373d3d3d3d610076806062363936013d73"),
                implementation,
                bytes.fromhex("5af43d3d93803e606057fd5bf3"),
                game.creator,
                game.root_claim,
                game.l1_head,
                game.number.to_bytes(32),
                (0x76).to_bytes(2),
            )
        )
    )
