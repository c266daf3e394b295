"""Pins: what a rule's contract was deployed for, read from its own getters on the chain that reads."""

from collections.abc import Sequence
from typing import Any, TypeVar

from attrs import AttrsInstance, fields

from xl2.core.types import Address, address
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm

P = TypeVar("P", bound=AttrsInstance)


async def read_pins(kind: type[P], methods: Sequence[Method], reader: Evm, rule: Address) -> P:
    """Pins as a value: `methods` are the getters of its fields, in their order."""
    answers = await reader.views([(rule, method.encode()) for method in methods])
    values: dict[str, Any] = {}
    for one, method, answer in zip(fields(kind), methods, answers, strict=True):
        (value,) = method.decode(answer, reader.endpoint)
        values[one.name] = address(value) if method.returns == "(address)" else value
    return kind(**values)
