"""Two eras behind one switch: what we encode is what the interfaces of either declare (no live network was asked)."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest
from eth_abi import decode, encode
from eth_utils.abi import abi_to_signature, event_abi_to_log_topic, function_abi_to_4byte_selector

from xl2.core.types import Address, ChainId, Hash32, Wei
from xl2.errors import ConfigInvalid
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.zk_stack import diamond, eras, messages, tokens
from xl2_adapters.zk_stack.canonical.withdrawal import PAID_OUT, WITHDRAW
from xl2_adapters.zk_stack.eras import BridgehubEra, DiamondEra, Request, era_of
from xl2_adapters.zk_stack.payouts import Payouts
from xl2_adapters.zk_stack.proofs import MessageProof

TODAY = Path(__file__).parent.parent.parent / "vectors" / "zk_stack" / "interfaces_29_0_0.json"
DIAMOND, HUB, NULLIFIER, SOMEBODY, ROUTER = (Address(bytes([byte]) * 20) for byte in (1, 2, 3, 4, 5))
CHAIN = ChainId(324)
PROOF = MessageProof(
    batch=5,
    index=6,
    tx_number=7,
    sender=SOMEBODY,
    message=b"out",
    path=(Hash32(b"\x01" + bytes(31)), Hash32(b"\x09" * 32)),
)
REQUEST = Request(to=SOMEBODY, value=Wei(11), data=b"call", gas_limit=1_000_000, paid=Wei(99), refund_recipient=DIAMOND)


@cache
def today() -> Mapping[str, list[dict[str, Any]]]:
    """ABIs of 29.0.0."""
    interfaces: Mapping[str, list[dict[str, Any]]] = json.loads(TODAY.read_bytes())["interfaces"]
    return interfaces


@cache
def first(name: str) -> list[dict[str, Any]]:
    """An ABI of 0.6.1."""
    path = files("xl2_devnet").joinpath("artifacts", "zk_stack", f"{name}.json")
    abi: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["abi"]
    return abi


def declared(abi: list[dict[str, Any]], name: str, inputs: int) -> dict[str, Any]:
    (found,) = [
        entry
        for entry in abi
        if entry["type"] == "function" and entry["name"] == name and len(entry["inputs"]) == inputs
    ]
    return found


def assert_calls(calldata: bytes, abi: list[dict[str, Any]], name: str, *arguments: Any) -> None:
    """The calldata is that of a function with these arguments, encoded by its own ABI."""
    entry = declared(abi, name, len(arguments))
    signature = abi_to_signature(entry)  # type: ignore[arg-type]
    types = tokens_of(signature)
    assert calldata[:4] == function_abi_to_4byte_selector(entry)  # type: ignore[arg-type]
    assert calldata[4:] == encode(types, arguments)
    assert decode(types, calldata[4:]) is not None


def tokens_of(signature: str) -> list[str]:
    """The types of a signature, split where no inner parenthesis is open."""
    found, depth = [""], 0
    for letter in signature[signature.index("(") + 1 : -1]:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


def test_the_switch_is_whether_a_bridgehub_is_named() -> None:
    assert era_of(CHAIN, {"diamond": DIAMOND}) == DiamondEra(diamond=DIAMOND)
    modern = era_of(CHAIN, {"diamond": DIAMOND, "bridgehub": HUB, "l1_nullifier": NULLIFIER})
    assert modern == BridgehubEra(chain=CHAIN, bridgehub=HUB, nullifier=NULLIFIER)
    with pytest.raises(ConfigInvalid, match="'diamond'"):
        era_of(CHAIN, {})
    assert era_of(CHAIN, {"diamond": DIAMOND, "bridgehub": HUB}) == BridgehubEra(chain=CHAIN, bridgehub=HUB)


async def test_the_nullifier_is_the_one_that_the_bridgehubs_asset_router_names() -> None:
    class L1:
        endpoint = "l1"

        async def view(self, to: Address, data: bytes) -> bytes:
            declared_by = {HUB: today()["IBridgehub"], ROUTER: today()["IL1AssetRouter"]}[to]
            selectors = [function_abi_to_4byte_selector(one) for one in declared_by if one["type"] == "function"]  # type: ignore[arg-type]
            assert data in selectors
            return {HUB: ROUTER, ROUTER: NULLIFIER}[to].rjust(32, b"\0")

    payouts = Payouts(cast("Evm", L1()), BridgehubEra(chain=CHAIN, bridgehub=HUB))

    era = await payouts.era()

    assert era == BridgehubEra(chain=CHAIN, bridgehub=HUB, nullifier=NULLIFIER)
    assert await payouts.era() is era, "asked once"
    with pytest.raises(ConfigInvalid, match="nullifier"):
        BridgehubEra(chain=CHAIN, bridgehub=HUB).finalize_ether(PROOF)


def test_the_first_era_speaks_the_diamonds_own_calls() -> None:
    era, abi = DiamondEra(diamond=DIAMOND), first("IZkSync")

    assert {era.base_cost(Wei(1), 2)[0], era.request(REQUEST)[0], era.finalize_ether(PROOF)[0]} == {DIAMOND}
    assert_calls(era.base_cost(Wei(1), 2)[1], abi, "l2TransactionBaseCost", 1, 2, 800)
    assert_calls(
        era.request(REQUEST)[1], abi, "requestL2Transaction", SOMEBODY, 11, b"call", 1_000_000, 800, [], DIAMOND
    )
    assert_calls(era.finalize_ether(PROOF)[1], abi, "finalizeEthWithdrawal", 5, 6, 7, b"out", list(PROOF.path))
    assert_calls(era.is_ether_finalized(PROOF)[1], abi, "isEthWithdrawalFinalized", 5, 6)


def test_today_the_bridgehub_takes_deposits_and_the_nullifier_pays_withdrawals() -> None:
    era = BridgehubEra(chain=CHAIN, bridgehub=HUB, nullifier=NULLIFIER)
    hub, nullifier = today()["IBridgehub"], today()["IL1Nullifier"]

    assert era.base_cost(Wei(1), 2)[0] == era.request(REQUEST)[0] == era.deposit_contract == HUB
    assert era.finalize_ether(PROOF)[0] == era.is_ether_finalized(PROOF)[0] == NULLIFIER
    assert_calls(era.base_cost(Wei(1), 2)[1], hub, "l2TransactionBaseCost", CHAIN, 1, 2, 800)
    request: tuple[Any, ...] = (CHAIN, 99, SOMEBODY, 11, b"call", 1_000_000, 800, [], DIAMOND)
    assert_calls(era.request(REQUEST)[1], hub, "requestL2TransactionDirect", request)
    # The proof goes on as the node gave it, its metadata word and all.
    shown = (CHAIN, 5, 6, SOMEBODY, 7, b"out", list(PROOF.path))
    assert_calls(era.finalize_ether(PROOF)[1], nullifier, "finalizeDeposit", shown)
    assert_calls(era.is_ether_finalized(PROOF)[1], nullifier, "isWithdrawalFinalized", CHAIN, 5, 6)


@pytest.mark.parametrize(
    ("method", "of_first", "of_today"),
    [
        (diamond.LOGS_ROOT, "IZkSync", "IGetters"),
        (diamond.PROVE_MESSAGE, "IZkSync", "IMailboxImpl"),
        (diamond.PROVE_OUTCOME, "IZkSync", "IMailboxImpl"),
        (eras.REQUEST, "IZkSync", "IMailboxImpl"),
        (eras.FINALIZE_ETHER, "IZkSync", "IMailboxImpl"),
        (tokens.DEPOSIT, "L1ERC20Bridge", ""),
        (tokens.CLAIM_FAILED, "L1ERC20Bridge", ""),
        (tokens.FINALIZE, "L1ERC20Bridge", ""),
        (tokens.IS_FINALIZED, "L1ERC20Bridge", ""),
        (WITHDRAW, "", "IBaseToken"),
    ],
)
def test_what_both_eras_have_is_declared_by_both(method: Method, of_first: str, of_today: str) -> None:
    abis = [first(of_first)] if of_first else []
    abis += [today()[of_today]] if of_today else []

    for abi in abis:
        selectors = [function_abi_to_4byte_selector(entry) for entry in abi if entry["type"] == "function"]  # type: ignore[arg-type]
        assert method.selector in selectors


def test_events_are_those_that_the_contracts_declare() -> None:
    def topics(abi: list[dict[str, Any]]) -> list[bytes]:
        return [bytes(event_abi_to_log_topic(entry)) for entry in abi if entry["type"] == "event"]  # type: ignore[arg-type]

    assert diamond.REQUESTED.topic in topics(first("IZkSync"))
    assert diamond.REQUESTED.topic in topics(today()["IMailboxImpl"])
    assert PAID_OUT.topic in topics(first("IZkSync"))
    assert messages.SENT.topic in topics(today()["IL1Messenger"])
    assert {tokens.INITIATED.topic, tokens.CLAIMED.topic} <= set(topics(first("L1ERC20Bridge")))
