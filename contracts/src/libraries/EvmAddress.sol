// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title ERC-7930 addresses of EVM chains, read strictly
/// @notice One account, one spelling: version 1, chain type EIP-155, a chain id of 1 to 8 bytes without leading zero, an
/// address of 20 bytes, and nothing after it. OpenZeppelin's parser is lax (it takes trailing bytes and leading zeros),
/// which is harmless to read but not to compare.
library EvmAddress {
    /// @notice Not the one spelling of an account on an EVM chain.
    error BadAddress(bytes interoperable);

    /// @dev Version 1, chain type 0: the first four bytes.
    uint256 private constant PREFIX = 0x00010000;
    /// @dev Bytes besides the chain id: version 2, chain type 2, two lengths, address 20.
    uint256 private constant FIXED = 26;

    /// @dev `account` on the chain `chainId`, which is not 0.
    function format(uint64 chainId, address account) internal pure returns (bytes memory) {
        // No overflow: a size of 1 to 8, and what is shifted left keeps to its place in the word.
        unchecked {
            uint256 size = 1;
            while (size < 8 && chainId >> (8 * size) != 0) ++size;
            uint256 first = PREFIX << 224 | size << 216 | uint256(chainId) << (216 - 8 * size) | 20 << (208 - 8 * size);
            return _write(first, FIXED + size, account);
        }
    }

    /// @dev `account` on the chain of `other`, which was parsed before.
    function sameChain(bytes memory other, address account) internal pure returns (bytes memory) {
        uint256 first;
        // What lies behind a shorter address is written over, or not part of the copy.
        assembly ("memory-safe") {
            first := mload(add(other, 0x20))
        }
        return _write(first, other.length, account);
    }

    /// @dev Chain and account that `interoperable` names.
    /// @custom:throws BadAddress
    function parse(bytes memory interoperable) internal pure returns (uint64 chainId, address account) {
        uint256 first;
        uint256 last;
        uint256 length = interoperable.length;
        assembly ("memory-safe") {
            first := mload(add(interoperable, 0x20)) // the first 32 bytes
            last := mload(add(interoperable, length)) // the 32 bytes that end with the address, or less than nothing: refused below
        }
        bool valid;
        (valid, chainId, account) = _read(first, last, length);
        require(valid, BadAddress(interoperable));
    }

    /// @dev As {parse}, from calldata.
    /// @custom:throws BadAddress
    function parseCalldata(bytes calldata interoperable) internal pure returns (uint64 chainId, address account) {
        uint256 first;
        uint256 last;
        uint256 length = interoperable.length;
        assembly ("memory-safe") {
            first := calldataload(interoperable.offset) // the first 32 bytes
            last := calldataload(sub(add(interoperable.offset, length), 0x20)) // the 32 bytes that end with the address
        }
        bool valid;
        (valid, chainId, account) = _read(first, last, length);
        require(valid, BadAddress(interoperable));
    }

    /// @dev `length` bytes that begin as `first` does and end with `account`.
    function _write(uint256 first, uint256 length, address account) private pure returns (bytes memory interoperable) {
        assembly ("memory-safe") {
            interoperable := mload(0x40)
            mstore(0x40, add(interoperable, 0x60)) // the length and up to 34 bytes
            mstore(interoperable, length)
            mstore(add(interoperable, 0x20), first)
            mstore(add(interoperable, 0x40), 0)
            // The word that ends with the last byte; what of it lies before the account stays as it is.
            let last := add(interoperable, length)
            mstore(last, or(shl(160, shr(160, mload(last))), shr(96, shl(96, account))))
        }
    }

    /// @dev The rule over both ends of the bytes; `length` is checked first, so that only bytes of the input count.
    function _read(uint256 first, uint256 last, uint256 length)
        private
        pure
        returns (bool valid, uint64 chainId, address account)
    {
        // No overflow: a byte of `first`, and sums of constants.
        unchecked {
            uint256 size = uint8(first >> 216);
            chainId = uint64((first << 40) >> (256 - 8 * (size & 31)));
            account = address(uint160(last));
            // Its version and type; 1 to 8 bytes of chain id; nothing left over; no leading zero; and the account, which ends
            // the bytes, has its length byte as the 21st from the end.
            valid = first >> 224 == PREFIX && (size - 1 < 8 && length == FIXED + size);
            valid = valid && (chainId >> (8 * (size - 1)) != 0 && uint8(last >> 160) == 20);
        }
    }
}
