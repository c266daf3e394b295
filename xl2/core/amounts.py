"""Amounts: wei in, words out: the very number, which a command takes, and ether beside it, which a person reads."""

from decimal import Decimal
from typing import Final

_WEI_AN_ETHER: Final = 18


def wei_and_ether(wei: int) -> str:
    """Like `1500000000000000000 wei (1.5 ether)`."""
    ether = f"{Decimal(wei).scaleb(-_WEI_AN_ETHER):f}"
    return f"{wei} wei ({(ether.rstrip('0').rstrip('.') if '.' in ether else ether) or '0'} ether)"
