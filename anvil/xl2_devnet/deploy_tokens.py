"""
Deploy tokens: ERC-20s that move between all L2s of a devnet, at each home one for each way to be sure.

L2s with xl2 on them come in; each token's place on each chain goes out, as a configuration has it, the home first.
Promise: at its home a token is locked, elsewhere minted against it; every account holds a million of each at home. The
home tokens are Optimism's `OptimismMintableERC20`, an OpenZeppelin ERC-20 whose minter is here the deployer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from xl2_devnet.abi import op_stack, xl2
from xl2_devnet.accounts import ACCOUNTS, account
from xl2_devnet.plan import Plan, created_by
from xl2_devnet.sites import Site

#: Whole tokens that each account has at home.
GIVEN = 1_000_000
_TRANSFER_GAS = 200_000
#: A transfer whose sender names no expiry is delivered or refundable within the hour.
_LIFETIME_SECONDS = 3600
#: `TokenBridge.UNLIMITED`: on a devnet nothing is to be parked unless a test sets a limit.
_UNLIMITED, _LIMIT_WINDOW_SECONDS = 2**112 - 1, 3600
_ZERO = "0x" + "00" * 20


@frozen(kw_only=True)
class Token:
    """An ERC-20 of the devnet."""

    name: str
    symbol: str
    decimals: int
    #: Evidence class of all its transfers: number and word.
    assurance: int
    assurance_word: str


TOKENS = (
    Token(name="Devnet Dollar", symbol="USDD", decimals=6, assurance=0, assurance_word="attested"),
    Token(name="Devnet Gold", symbol="GOLD", decimals=18, assurance=2, assurance_word="settled"),
)


@frozen(kw_only=True)
class Ground:
    """An L2 where tokens are to stand: its plan, and xl2's contracts by role."""

    site: Site
    plan: Plan
    contracts: Mapping[str, str]


def plan_tokens(grounds: Sequence[Ground], homes: int) -> tuple[Mapping[str, Any], ...]:
    """Deploy and link the tokens of the first `homes` grounds on all; entries for the configuration.

    The first home's have their plain symbols, another's that of its chain behind it: `GOLD.base-b`.
    """
    return tuple(
        _plan_token(_of(token, home) if place else token, home, [ground for ground in grounds if ground is not home])
        for place, home in enumerate(grounds[:homes])
        for token in TOKENS
    )


def _of(token: Token, home: Ground) -> Token:
    name = home.site.name
    return evolve(token, name=f"{token.name} of {name}", symbol=f"{token.symbol}.{name}")


def _plan_token(token: Token, home: Ground, remotes: Sequence[Ground]) -> Mapping[str, Any]:
    owner = account("deployer").address
    erc20 = op_stack("OptimismMintableERC20")
    locked = home.plan.create(erc20, owner, _ZERO, token.name, token.symbol, token.decimals)
    for known in ACCOUNTS:
        home.plan.call(locked, erc20, "mint", known.address, GIVEN * 10**token.decimals)
    lock = home.plan.create(xl2("LockBridge"), locked, _terms(token, home), owner)
    places = {home.site.name: {"token": locked, "bridge": lock}}
    for remote in remotes:
        mint = remote.plan.create(
            xl2("MintBridge"),
            token.name,
            token.symbol,
            token.decimals,
            home.site.chain_id,
            _terms(token, remote),
            owner,
        )
        # The bridge deploys its token in its constructor: the first contract of an account has nonce 1 (EIP-161).
        places[remote.site.name] = {"token": created_by(mint, 1), "bridge": mint}
        _plan_link(home, "LockBridge", lock, remote, mint)
        _plan_link(remote, "MintBridge", mint, home, lock)
    return {
        "symbol": token.symbol,
        "decimals": token.decimals,
        "assurance": token.assurance_word,
        "on": places,
    }


def _terms(token: Token, ground: Ground) -> tuple[str, str, str, int, int, int]:
    """`ITokenBridge.Terms`."""
    at = ground.contracts
    return at["outbox"], at["inbox"], at["guard"], token.assurance, _TRANSFER_GAS, _LIFETIME_SECONDS


def _plan_link(here: Ground, kind: str, bridge: str, there: Ground, counterpart: str) -> None:
    here.plan.call(bridge, xl2(kind), "link", there.site.chain_id, counterpart)
    here.plan.call(bridge, xl2(kind), "setLimit", there.site.chain_id, _UNLIMITED, _LIMIT_WINDOW_SECONDS)
