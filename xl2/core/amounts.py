"""Amounts: wei in, words out: the very number, which a command takes, and ether beside it, which a person reads."""

from typing import Final

_WEI_AN_ETHER: Final = 10**18


def wei_and_ether(wei: int) -> str:
    """Like `1500000000000000000 wei (1.5 ether)`."""
    return f"{wei} wei ({ether(wei)})"


def ether(wei: int) -> str:
    """Like `1.5 ether`, with all digits that there are. `wei`: 0 or more."""
    whole, part = divmod(wei, _WEI_AN_ETHER)
    fraction = f".{part:018d}".rstrip("0").rstrip(".")
    return f"{whole}{fraction} ether"
