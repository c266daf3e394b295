"""At the end of a deployment whatever has an owner can be given to the timelock, and nothing else is to be given."""

from importlib.resources import files

from xl2_devnet.abi import Contract, xl2

#: A recipient to try things with, whoever deploys it: no part of xl2.
EXAMPLES = {"Notebook"}
#: Everything that a timelock rules. What joins it gives the timelock more to decide: say so in the protocol first.
GOVERNED = {"Guard", "Heads", "LockBridge", "MintBridge", "Outbox", "Router"}
#: How contracts of others name who may change them; an upgrade is a change too.
LEVERS = (
    "admin",
    "grantRole",
    "initialize",
    "pendingOwner",
    "proxiableUUID",
    "setOwner",
    "upgradeTo",
    "upgradeToAndCall",
)


def shipped() -> dict[str, Contract]:
    """Every contract that the wheel carries, by name."""
    folder = files("xl2_contracts").joinpath("artifacts")
    names = [entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json")]
    return {name: xl2(name) for name in names}


def test_what_has_an_owner_is_what_can_be_handed_over() -> None:
    contracts = shipped()

    owned = {name for name, contract in contracts.items() if contract.has("owner")}
    passed_on = {name for name, contract in contracts.items() if contract.has("transferOwnership")}

    assert owned - EXAMPLES == passed_on == GOVERNED


def test_nothing_but_the_timelock_has_another_kind_of_ruler() -> None:
    ruled = {name for name, contract in shipped().items() if any(contract.has(lever) for lever in LEVERS)}

    assert ruled == {"TimelockController"}
