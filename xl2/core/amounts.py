"""Amounts: wei in, words out: the very number, which a command takes, and beside it what a person reads."""

from typing import Final

_WEI_AN_ETHER: Final = 10**18
_WEI_A_GWEI: Final = 10**9


def wei_and_ether(wei: int) -> str:
    """Like `1500000000000000000 wei (1.5 ether)`."""
    return f"{wei} wei ({_in_units(wei, _WEI_AN_ETHER, 18)} ether)"


def wei_and_gwei(wei: int) -> str:
    """Like `1500000000 wei (1.5 gwei)`, of what a gas costs: a configuration has its caps in gwei."""
    return f"{wei} wei ({_in_units(wei, _WEI_A_GWEI, 9)} gwei)"


def _in_units(wei: int, unit: int, digits: int) -> str:
    """With all digits that there are. `wei`: 0 or more."""
    whole, part = divmod(wei, unit)
    fraction = f".{part:0{digits}d}".rstrip("0").rstrip(".")
    return f"{whole}{fraction}"
