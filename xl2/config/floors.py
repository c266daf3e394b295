"""
Floors: an amount for every chain, and others for some.

In: a number, or a table of numbers by name of chain with `default` among them. Out: `Floors`. Promise: a chain that is
not named has the default.
"""

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from xl2.errors import InvalidInput

_DEFAULT: Final = "default"


@frozen
class Floors:
    """Amounts of wei by name of chain."""

    default: int = 0
    by_name: Mapping[str, int] = field(factory=dict)

    def of(self, chain: str) -> int:
        """The amount of a chain."""
        return self.by_name.get(chain, self.default)


def floors_of(value: object) -> Floors:
    """Read a number or a table of numbers. Raises `InvalidInput`."""
    table: dict[str, Any] = value if isinstance(value, dict) else {_DEFAULT: value}
    for name, amount in table.items():
        if type(amount) is not int or amount < 0:
            where = "" if name == _DEFAULT else f" of {name}"
            raise InvalidInput(f"{amount!r}{where} is not a whole number of wei", field="low_balance_wei", value=amount)
    return Floors(table.get(_DEFAULT, 0), {name: amount for name, amount in table.items() if name != _DEFAULT})
