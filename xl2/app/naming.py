"""Naming: a configuration in, the book out: what reviews call its chains, contracts, tokens and bridges."""

from typing import Final

from xl2.app.families import family
from xl2.config import Config
from xl2.ports import NO_REVIEWS
from xl2.wallet import Book, Bridge, Token

#: What a contract is called in reviews, by its name in the configuration.
_ROLES: Final = {
    "outbox": "Outbox",
    "inbox": "Inbox",
    "heads": "Heads",
    "checkpoints": "Checkpoints",
    "announcer": "Announcer",
    "anchor_blocks": "AnchorBlocks",
}
_VERIFIER_ROLES: Final = {"attested": "AttestedHeads", "proven": "ProvenHeads", "routed": "RoutedHeads"}


def book_of(config: Config) -> Book:
    """Names and roles for reviews, all from the configuration."""
    settings = list(config.settings())
    ids = {one.name: one.chain for one in settings}
    roles = {
        (one.chain, contract): _ROLES.get(name, "Router" if name.startswith("router_") else name)
        for one in settings
        for name, contract in one.contracts.items()
    }
    known = {one.family: family(one).reviews for one in settings if one.anchor}
    for one in settings:
        reviews = known.get(one.family, NO_REVIEWS)
        for name, contract in one.rollup.items():
            if name in reviews.rollup_roles:
                roles.setdefault((one.chain, contract), reviews.rollup_roles[name])
            else:
                roles.setdefault((one.anchor, contract), reviews.anchor_roles.get(name, name))
        roles.update({(one.chain, contract): role for contract, role in reviews.fixed_roles.items()})
        for verifier in one.verifiers:
            roles[one.chain, verifier.address] = _VERIFIER_ROLES.get(verifier.kind, verifier.kind)
    tokens, bridges = {}, {}
    for token in config.tokens:
        for name, place in token.on.items():
            roles[ids[name], place.token] = "ERC20"
            roles[ids[name], place.bridge] = "TokenBridge"
            tokens[ids[name], place.token] = Token(symbol=token.symbol, decimals=token.decimals)
            bridges[ids[name], place.bridge] = Bridge(token=place.token, assurance=token.assurance)
    return Book(
        chains={one.chain: one.name for one in settings},
        roles=roles,
        tokens=tokens,
        bridges=bridges,
        families=tuple(known.values()),
    )
