"""
Gas: what a priority operation must buy on a ZK-stack chain so that its call has the gas it needs.

Pure. Gas of the call and bytes of its data come in, the `l2GasLimit` to ask for goes out, and the way back. Promise:
the numbers are those by which the Mailbox accepts or refuses an operation; part of the limit pays for the operation's
place in a batch, and the call gets the rest.
Source: `Mailbox.sol` and `Config.sol` of @matterlabs/zksync-contracts 0.6.1; the constants are the same in 29.0.0.
"""

#: What contracts allow an operator to charge for a byte of published data, in L2 gas; the Mailbox takes no other.
GAS_PER_PUBDATA = 800

_MOST_GAS = 80_000_000
_BATCH_L2_GAS = 1_200_000
_BATCH_PUBDATA = 1_000_000 // 17
_OVERHEAD_GAS = _BATCH_L2_GAS + _BATCH_PUBDATA * GAS_PER_PUBDATA
_TRANSACTIONS_IN_BATCH = 1024
_ENCODING_SPACE = 485_225
_INTRINSIC_GAS, _INTRINSIC_PUBDATA, _LEAST_GAS = 167_157, 88, 173_484
_GAS_EVERY_544_BYTES = 1_656
#: ABI encoding of `L2CanonicalTransaction` without any data: 19 words of head, 5 lengths, and the tuple's offset.
_EMPTY_ENCODING = 32 * 25


def overhead(gas_limit: int, size: int) -> int:
    """L2 gas of a limit that pays for the place in a batch. `size`: bytes of the operation's calldata."""
    encoded = encoded_size(size)
    return max(
        _ceil(_OVERHEAD_GAS, _TRANSACTIONS_IN_BATCH),
        _ceil(encoded * _OVERHEAD_GAS, _ENCODING_SPACE),
        _ceil(_OVERHEAD_GAS * gas_limit, _MOST_GAS + _OVERHEAD_GAS),
    )


def body(gas_limit: int, size: int) -> int:
    """L2 gas that an operation's call can spend."""
    return max(0, gas_limit - overhead(gas_limit, size) - intrinsic(size))


def intrinsic(size: int) -> int:
    """L2 gas that the bootloader spends on an operation before its call."""
    computation = _INTRINSIC_GAS + _ceil(encoded_size(size) * _GAS_EVERY_544_BYTES, 544)
    return max(computation, _LEAST_GAS) + _INTRINSIC_PUBDATA * GAS_PER_PUBDATA


def limit_for(gas: int, size: int) -> int:
    """Least `l2GasLimit` with which the call of an operation gets `gas`."""
    wanted = gas + intrinsic(size)
    # The overhead is a maximum of three: for each the limit that leaves `wanted`, and the largest of them.
    flat = max(_ceil(_OVERHEAD_GAS, _TRANSACTIONS_IN_BATCH), _ceil(encoded_size(size) * _OVERHEAD_GAS, _ENCODING_SPACE))
    shared = _ceil(wanted * (_MOST_GAS + _OVERHEAD_GAS), _MOST_GAS)
    return max(wanted + flat, shared + 1)


def encoded_size(size: int) -> int:
    """Bytes of `abi.encode(L2CanonicalTransaction)` with `size` bytes of data and nothing else of dynamic length."""
    return _EMPTY_ENCODING + _ceil(size, 32) * 32


def _ceil(value: int, unit: int) -> int:
    return -(-value // unit)
