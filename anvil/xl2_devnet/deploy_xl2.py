"""
Deploy xl2: its contracts on every chain of a devnet, linked with each other.

Running rollups of any families come in; where xl2 stands goes out. What differs between families is planned by their
`Rollup`. Promise: every L2 has lanes of all three classes to every other L2, and each verifier speaks for exactly the
logs whose class it reaches; in the end the deployer owns nothing, a timelock
on each chain does, and the guardian is another account (docs/reference/protocol.md, section 9).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from xl2_adapters.rpc import RpcClient
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import ATTESTER_THRESHOLD, ATTESTERS, account
from xl2_devnet.clocks import Clocks
from xl2_devnet.deploy_tokens import Ground, plan_tokens
from xl2_devnet.hand_over import plan_hand_over
from xl2_devnet.plan import Plan
from xl2_devnet.rollup import Rollup
from xl2_devnet.sites import Deployed, Site

#: Verifier numbers by convention; the number's upper bits are its class.
ATTESTED, PROVEN, ROUTED, NEXT_PROVEN = 0, 128, 129, 130
_LANE_LOG, _RECEIPT_LOG = 0, 1
_CLASSES = (0, 1, 2)


@frozen(kw_only=True)
class _Place:
    """xl2 on one L2."""

    site: Site
    plan: Plan
    contracts: dict[str, str]
    #: Address by number.
    verifiers: dict[int, str] = field(factory=dict)
    #: Number of the proven verifier by the remote chain's name.
    proven: dict[str, int] = field(factory=dict)


async def deploy_xl2(
    sites: Mapping[str, Site],
    rpcs: Mapping[str, RpcClient],
    rollups: Mapping[str, Mapping[str, str]],
    families: Mapping[str, Rollup],
    clocks: Clocks,
    *,
    homes: int,
) -> Deployed:
    """Deploy and link; `rollups`: each rollup's contracts on L1, by chain name; `families` by their names.

    Raises:
        DeploymentFailed: a transaction did not succeed.
    """
    owner = account("deployer").address
    l1_name = next(iter(sites))
    plans = {name: await Plan.of(rpcs[name], owner) for name in sites}
    l1 = plans[l1_name]
    router = l1.create(xl2("Router"), owner)
    on_l1 = {"router": router, "anchor_blocks": l1.create(xl2("AnchorBlocks"), router)}
    places = {name: _plan_core(sites[name], plans[name], families[sites[name].family], on_l1) for name in rollups}
    for here in places.values():
        for there in places.values():
            if here is not there:
                rule = families[there.site.family].plan_rule(here.plan, rollups[there.site.name], clocks)
                _plan_link(here, there, rule)
    for name, place in places.items():
        chain = place.site.chain_id
        live = families[place.site.family].plan_live(l1, place.site, rollups[name], place.contracts)
        l1.call(on_l1["router"], xl2("Router"), "connect", chain, live, place.verifiers[ROUTED])
        on_l1 |= {f"router_{chain}": on_l1["router"], f"rollup_{chain}": live}
    tokens = plan_tokens([Ground(site=p.site, plan=p.plan, contracts=p.contracts) for p in places.values()], homes)
    contracts = {l1_name: on_l1, **{name: place.contracts for name, place in places.items()}}
    for name, plan in plans.items():
        contracts[name]["timelock"] = plan_hand_over(plan, clocks)
    async with asyncio.TaskGroup() as tasks:
        for name, plan in plans.items():
            tasks.create_task(plan.carry_out(rpcs[name]))
    return Deployed(
        rollups=rollups,
        contracts=contracts,
        verifiers={name: tuple(_settings(place)) for name, place in places.items()},
        tokens=tokens,
    )


def _plan_core(site: Site, plan: Plan, family: Rollup, on_l1: Mapping[str, str]) -> _Place:
    """What an L2 has once, whatever chains there are."""
    owner = account("deployer").address
    guard = plan.create(xl2("Guard"), owner)
    heads = plan.create(xl2("Heads"), owner, guard)
    contracts = {
        "guard": guard,
        "heads": heads,
        "outbox": plan.create(xl2("Outbox"), owner, heads),
        "inbox": plan.create(xl2("Inbox"), heads),
        **family.plan_own(plan, site, on_l1),
    }
    # Somebody to write to: the example of a recipient.
    contracts["notebook"] = plan.create(xl2("Notebook"), contracts["inbox"])
    # And another, for the demo to close, while others go on writing to the first.
    contracts["closable_notebook"] = plan.create(xl2("Notebook"), contracts["inbox"])
    plan.call(guard, xl2("Guard"), "bind", heads)
    # Who may halt a verifier: a person, and whoever shows that it contradicts settled evidence.
    contracts["auditor"] = plan.create(xl2("Auditor"), guard)
    for guardian in (account("guardian").address, contracts["auditor"]):
        plan.call(guard, xl2("Guard"), "setGuardian", guardian, True)
    verifiers = {
        ATTESTED: plan.create(xl2("AttestedHeads"), _signers(), ATTESTER_THRESHOLD),
        ROUTED: plan.create(xl2("RoutedHeads"), on_l1["router"]),
    }
    return _Place(site=site, plan=plan, contracts=contracts, verifiers=verifiers)


def _plan_link(here: _Place, there: _Place, rule: str | None) -> None:
    """Let `here` send to `there`, and hear from it. `rule`: the ISettledRule of `there` on `here`, if it has one."""
    plan, remote = here.plan, there.site
    numbers = [ATTESTED, ROUTED]
    if rule is not None:
        proven = NEXT_PROVEN + len(here.proven) - 1 if here.proven else PROVEN
        here.proven[remote.name] = proven
        here.verifiers[proven] = plan.create(xl2("ProvenHeads"), remote.chain_id, here.contracts["checkpoints"], rule)
        numbers.insert(1, proven)
    plan.call(here.contracts["outbox"], xl2("Outbox"), "register", remote.chain_id, there.contracts["inbox"])
    for assurance in _CLASSES:
        for verifier in numbers:
            if verifier >> 6 >= assurance:
                named = (verifier, here.verifiers[verifier])
                for lane, kind in (
                    (_lane(there, here, assurance), _LANE_LOG),
                    (_lane(here, there, assurance), _RECEIPT_LOG),
                ):
                    plan.call(here.contracts["heads"], xl2("Heads"), "register", *named, lane, kind)


def _lane(origin: _Place, destination: _Place, assurance: int) -> tuple[int, str, int, str, int]:
    return (
        origin.site.chain_id,
        origin.contracts["outbox"],
        destination.site.chain_id,
        destination.contracts["inbox"],
        assurance,
    )


def _signers() -> list[str]:
    """The attesters in the order that AttestedHeads wants: rising."""
    return sorted((attester.address for attester in ATTESTERS), key=str.lower)


def _settings(place: _Place) -> list[Mapping[str, Any]]:
    remote_of = {number: name for name, number in place.proven.items()}
    settings: list[Mapping[str, Any]] = []
    for number, address in sorted(place.verifiers.items()):
        entry: dict[str, Any] = {"number": number, "address": address}
        if number == ATTESTED:
            entry |= {"kind": "attested", "signers": _signers(), "threshold": ATTESTER_THRESHOLD}
        elif number == ROUTED:
            entry |= {"kind": "routed"}
        else:
            entry |= {"kind": "proven", "remote": remote_of[number]}
        settings.append(entry)
    return settings
