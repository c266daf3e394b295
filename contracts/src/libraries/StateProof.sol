// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {ProofError, Trie} from "./Trie.sol";

/// @title Accounts and storage slots, proven under a state root
/// @notice Each function reads one trie proof (packed as {Trie} says) from the front of `proof` and returns the rest,
/// so that several stand one after the other; {end} says that nothing is left. `tryX` returns why a proof is refused,
/// `X` reverts with it.
///
/// Promise: {account} and {slot} return only what the trie holds, and never the zero of a slot that is not there;
/// {absent} is another function, so that no proof of absence can pass for a value, nor the reverse.
library StateProof {
    /// @notice The proof shows nothing.
    error InvalidProof(ProofError reason);

    /// @notice Storage root and code hash of `who` under `stateRoot`.
    /// @custom:throws InvalidProof
    function account(bytes32 stateRoot, address who, bytes calldata proof)
        internal
        pure
        returns (bytes32 storageRoot, bytes32 codeHash, bytes calldata rest)
    {
        ProofError reason;
        (storageRoot, codeHash, rest, reason) = tryAccount(stateRoot, who, proof);
        if (reason != ProofError.NONE) revert InvalidProof(reason);
    }

    /// @notice Value of slot `where` under `storageRoot`, never zero.
    /// @custom:throws InvalidProof, with ABSENT if the slot is zero
    function slot(bytes32 storageRoot, bytes32 where, bytes calldata proof)
        internal
        pure
        returns (bytes32 value, bytes calldata rest)
    {
        ProofError reason;
        (value, rest, reason) = trySlot(storageRoot, where, proof);
        if (reason != ProofError.NONE) revert InvalidProof(reason);
    }

    /// @notice Returns if slot `where` is zero under `storageRoot`.
    /// @custom:throws InvalidProof, with PRESENT if it is not
    function absent(bytes32 storageRoot, bytes32 where, bytes calldata proof)
        internal
        pure
        returns (bytes calldata rest)
    {
        ProofError reason;
        (rest, reason) = tryAbsent(storageRoot, where, proof);
        if (reason != ProofError.NONE) revert InvalidProof(reason);
    }

    /// @notice Returns if nothing is left of a proof.
    /// @custom:throws InvalidProof
    function end(bytes calldata rest) internal pure {
        if (rest.length != 0) revert InvalidProof(ProofError.SPARE_BYTES);
    }

    function tryAccount(bytes32 stateRoot, address who, bytes calldata proof)
        internal
        pure
        returns (bytes32 storageRoot, bytes32 codeHash, bytes calldata rest, ProofError reason)
    {
        uint256 data;
        uint256 size;
        (data, size, rest, reason) = _walk(stateRoot, keccak256(abi.encodePacked(who)), proof);
        if (reason == ProofError.NONE) {
            bool ok;
            (storageRoot, codeHash, ok) = _decodeAccount(data, size);
            if (!ok) reason = ProofError.BAD_ACCOUNT;
        }
    }

    function trySlot(bytes32 storageRoot, bytes32 where, bytes calldata proof)
        internal
        pure
        returns (bytes32 value, bytes calldata rest, ProofError reason)
    {
        uint256 data;
        uint256 size;
        (data, size, rest, reason) = _walk(storageRoot, keccak256(abi.encode(where)), proof);
        if (reason == ProofError.NONE) {
            value = _decodeWord(data, size);
            if (value == 0) reason = ProofError.BAD_VALUE;
        }
    }

    function tryAbsent(bytes32 storageRoot, bytes32 where, bytes calldata proof)
        internal
        pure
        returns (bytes calldata rest, ProofError reason)
    {
        uint256 data;
        uint256 size;
        (data, size, rest, reason) = _walk(storageRoot, keccak256(abi.encode(where)), proof);
        if (reason == ProofError.NONE) {
            if (!_isZero(data, size)) reason = ProofError.PRESENT;
        } else if (reason == ProofError.ABSENT) {
            reason = ProofError.NONE;
        }
    }

    /// @dev rlp(0). No chain's trie holds it; anvil's does, for a slot that is zero and was only read, and says the same.
    function _isZero(uint256 data, uint256 size) private pure returns (bool zero) {
        // Reads calldata where the walk found the value; it writes no memory.
        assembly ("memory-safe") {
            zero := and(eq(size, 1), eq(byte(0, calldataload(data)), 0x80))
        }
    }

    /// @dev {Trie.tryWalk}, and what follows the proof.
    function _walk(bytes32 root, bytes32 key, bytes calldata proof)
        private
        pure
        returns (uint256 data, uint256 size, bytes calldata rest, ProofError reason)
    {
        uint256 next;
        (data, size, next, reason) = Trie.tryWalk(root, key, proof);
        rest = proof;
        if (reason == ProofError.NONE || reason == ProofError.ABSENT) {
            // No wrap: a walk that came to a verdict ends within `proof`.
            assembly ("memory-safe") {
                rest.length := sub(add(proof.offset, proof.length), next)
                rest.offset := next
            }
        }
    }

    /// @dev rlp([nonce, balance, storage root, code hash]): with two hashes it is always over 55 bytes and under 256.
    function _decodeAccount(uint256 data, uint256 size)
        private
        pure
        returns (bytes32 storageRoot, bytes32 codeHash, bool ok)
    {
        // Assembly, because the item has no type that Solidity could read in calldata. It writes no memory.
        assembly ("memory-safe") {
            // Bytes of the number at p, at most `most` long without its length; far too many if it is not canonical.
            function numeral(p, most) -> w {
                let word := calldataload(p)
                let b := byte(0, word)
                w := 1
                if or(gt(b, 0x80), iszero(b)) {
                    w := sub(b, 0x7f)
                    let first := byte(1, word)
                    // Not longer than allowed, no leading zero, and no length before a byte that stands for itself.
                    if or(gt(w, add(most, 1)), or(iszero(first), and(eq(w, 2), lt(first, 0x80)))) {
                        w := shl(128, 1)
                    }
                }
            }
            let w := calldataload(data)
            let p := add(data, 2)
            p := add(p, numeral(p, 8)) // nonce
            p := add(p, numeral(p, 32)) // balance
            ok := and(eq(byte(0, w), 0xf8), eq(add(byte(1, w), 2), size))
            ok := and(ok, eq(add(p, 66), add(data, size)))
            ok := and(ok, and(eq(byte(0, calldataload(p)), 0xa0), eq(byte(0, calldataload(add(p, 33))), 0xa0)))
            storageRoot := calldataload(add(p, 1))
            codeHash := calldataload(add(p, 34))
        }
    }

    /// @dev rlp(number) of at most 32 bytes; 0 if it is not canonical, or zero.
    function _decodeWord(uint256 data, uint256 size) private pure returns (bytes32 value) {
        assembly ("memory-safe") {
            let w := calldataload(data)
            let b := byte(0, w)
            switch lt(b, 0x80)
            case 1 { if eq(size, 1) { value := b } }
            default {
                let n := sub(b, 0x80)
                value := shr(sub(256, shl(3, n)), calldataload(add(data, 1)))
                let first := byte(1, w)
                // One to 32 bytes that fill the item, no leading zero, no length before a byte that stands for itself.
                if or(or(iszero(n), gt(n, 32)), xor(add(n, 1), size)) { value := 0 }
                if or(iszero(first), and(eq(n, 1), lt(first, 0x80))) { value := 0 }
            }
        }
    }
}
