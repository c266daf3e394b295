"""
Simulate: which relays of some batches would go through now, asked of the destination before any gas is paid.

Promise: one call a batch, all in one request; only a relay that fails in company is asked about by itself, with an
estimate that is its own (`eth_estimateGas` of a call that swallows failures finds the gas at which it swallows one).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from xl2.core.types import Address, Hash32, hex_text
from xl2.errors import Reverted, RpcRejected
from xl2_adapters import rpc_wire
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.interop import entry as rules
from xl2_adapters.op_stack.interop.batch import Batch, BatchPolicy
from xl2_adapters.op_stack.interop.contracts import AGGREGATE, MESSENGER, MULTICALL, explain, is_already_relayed
from xl2_adapters.op_stack.interop.entry import Entry
from xl2_adapters.op_stack.interop.transaction import access_list
from xl2_adapters.rpc import Call as Request
from xl2_adapters.rpc import Json

#: Over an estimate: the block that takes it is not the one it was made on.
_MARGIN_PERCENT: Final = 25


@frozen(kw_only=True)
class Verdict:
    """What a simulation found."""

    #: Batches of relays that go through.
    good: tuple[Batch, ...]
    #: Entries that are not to be sent as they were: over, parked, or with more gas the next time.
    changed: tuple[Entry, ...]


async def simulated(evm: Evm, sender: Address, batches: Sequence[Batch], policy: BatchPolicy, now: float) -> Verdict:
    """Try batches at the tip, from `sender`."""
    answers = await evm.rpc.try_batch([_try(batch, sender) for batch in batches])
    good: list[Batch] = []
    changed: list[Entry] = []
    in_doubt: list[Entry] = []
    for batch, answer in zip(batches, answers, strict=True):
        if isinstance(answer, RpcRejected):
            # One relay took the gas of all: each is asked about by itself.
            in_doubt += batch.entries
            continue
        (results,) = AGGREGATE.decode(rpc_wire.data(answer, evm.endpoint), evm.endpoint)
        fine: list[Entry] = []
        for entry, (passed, revert) in zip(batch.entries, results, strict=True):
            if passed:
                fine.append(entry)
            elif is_already_relayed(revert):
                changed.append(rules.delivered(entry, None))
            else:
                in_doubt.append(entry)
        if fine:
            good.append(Batch(entries=tuple(fine)))
    estimates = await _estimates(evm, sender, in_doubt)
    changed += [_judged(entry, estimates[entry.sent.hash], policy, now) for entry in in_doubt]
    return Verdict(good=tuple(good), changed=tuple(changed))


async def _estimates(evm: Evm, sender: Address, entries: Sequence[Entry]) -> Mapping[Hash32, Json | RpcRejected]:
    """Gas of each relay by itself, or what the node said of it."""
    if not entries:
        return {}
    outcomes = await evm.rpc.try_batch([_estimate(entry, sender) for entry in entries])
    return {entry.sent.hash: outcome for entry, outcome in zip(entries, outcomes, strict=True)}


def _judged(entry: Entry, outcome: Json | RpcRejected, policy: BatchPolicy, now: float) -> Entry:
    if isinstance(outcome, Reverted):
        if is_already_relayed(outcome.revert):
            return rules.delivered(entry, None)
        reason = explain(outcome.revert) if outcome.revert else outcome.what
        return rules.failed(entry, now, f"its relay reverts: {reason}")
    if isinstance(outcome, RpcRejected):
        return rules.failed(entry, now, f"its relay cannot be estimated: {outcome.what}")
    gas = rpc_wire.quantity(outcome, "the estimate") * (100 + _MARGIN_PERCENT) // 100
    if gas > policy.max_relay_gas:
        what = f"its relay takes {gas} gas; {policy.max_relay_gas} are spent on one"
        return rules.failed(entry, now, what)
    if gas <= entry.gas:
        # It had this much and failed: something before it in the batch is to blame, or it looks at its company.
        return rules.failed(entry, now, "its relay passes alone and fails in company", alone=True)
    return evolve(entry, gas=gas, due=now)


def _try(batch: Batch, sender: Address) -> Request:
    """All relays of a batch by Multicall3, also of a batch of one: each tells its own result."""
    return Request(
        "eth_call", (_transaction(sender, MULTICALL, batch.aggregate(), batch.keys, batch.gas_limit), "latest")
    )


def _estimate(entry: Entry, sender: Address) -> Request:
    fields = _transaction(sender, MESSENGER, entry.sent.relay_data(), entry.sent.keys, None)
    return Request("eth_estimateGas", (fields, "latest"))


def _transaction(
    sender: Address, to: Address, data: bytes, keys: tuple[Hash32, ...], gas: int | None
) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "from": hex_text(sender),
        "to": hex_text(to),
        "data": hex_text(data),
        "accessList": access_list(keys),
    }
    return fields if gas is None else {**fields, "gas": hex(gas)}
