"""
Amount: what a caller wrote as an amount, in smallest units.

Comes in: smallest units as a number, or whole ones as text ("1.5"). Goes out: an integer, None for what is no amount.
Promise: nothing is rounded, and nothing that is written short ("1e999999") takes long. Which amounts are allowed, and
what to say of those that are not, is left to who asks.
"""

from decimal import Decimal, DecimalException, localcontext

#: Digits that are kept: more than any amount of 256 bits and its decimals have, so that none is rounded.
_DIGITS = 400
#: No amount of anything has more.
_TOO_MANY = 1 << 256


def smallest_units(amount: object, decimals: int) -> int | None:
    """Smallest units of an amount, negative ones too; `decimals`: of the unit that texts are in."""
    if isinstance(amount, bool) or not isinstance(amount, int | str):
        return None
    try:
        with localcontext(prec=_DIGITS):
            scaled = Decimal(amount) if isinstance(amount, int) else Decimal(amount).scaleb(decimals)
            # Compared before it is made an integer, which would be one of a million digits.
            is_whole = scaled.is_finite() and abs(scaled) < _TOO_MANY and scaled == scaled.to_integral_value()
    except DecimalException:
        return None
    return int(scaled) if is_whole else None
