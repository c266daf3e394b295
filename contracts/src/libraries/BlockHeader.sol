// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {StateProof} from "./StateProof.sol";
import {ProofError} from "./Trie.sol";

/// @title What a block commits to
/// @notice In: the RLP of a header, as its hash is taken. Out: that hash, and the fields that proofs need.
/// Promise: the fields stand where every header since the Merge has them, in canonical RLP; so do those of Arbitrum
/// Nitro. Whether the hash is of a block that counts is left to whoever knows hashes. Source: Ethereum Yellow Paper
/// 4.4; EIP-3675 (difficulty 0); Nitro's blocks have difficulty 1.
library BlockHeader {
    /// @notice The part of a header that proofs need.
    struct Block {
        bytes32 hash;
        bytes32 stateRoot;
        uint64 number;
        uint64 timestamp;
    }

    /// @notice Reads a header.
    /// @custom:throws StateProof.InvalidProof, with BAD_HEADER
    function read(bytes calldata header) internal pure returns (Block memory head) {
        bool ok;
        // Assembly, because the items have no type that Solidity could read in calldata. Memory-safe: it copies the
        // header past the free memory pointer, to hash it, and writes the struct that Solidity allocated. No sum
        // wraps: each is at most the calldata size plus 2^133.
        assembly ("memory-safe") {
            // Number of at most 8 bytes at p, and where the next item starts: far away if it is not canonical.
            function numeral(p) -> value, next {
                let word := calldataload(p)
                let b := byte(0, word)
                let size := sub(b, 0x80)
                switch lt(b, 0x80)
                case 1 {
                    value := b
                    next := add(p, 1)
                    if iszero(b) { next := shl(128, 1) } // zero is the empty string
                }
                default {
                    next := add(add(p, 1), size)
                    value := shr(sub(256, shl(3, size)), shl(8, word))
                    // At most 8 bytes, no leading zero, no length before a byte that stands for itself.
                    if or(gt(size, 8), and(gt(size, 0), iszero(shr(shl(3, sub(size, 1)), value)))) {
                        next := shl(128, 1)
                    }
                    if and(eq(size, 1), lt(value, 0x80)) { next := shl(128, 1) }
                }
            }

            let p := header.offset
            let end := add(p, header.length)
            // A list of two bytes of length that fills the header; parent and ommers, 32 bytes each, and the
            // beneficiary.
            ok := and(eq(byte(0, calldataload(p)), 0xf9), gt(header.length, 500))
            ok := and(ok, eq(add(add(p, 3), and(shr(232, calldataload(p)), 0xffff)), end))
            ok := and(ok, eq(byte(0, calldataload(add(p, 3))), 0xa0))
            ok := and(ok, eq(byte(0, calldataload(add(p, 36))), 0xa0))
            ok := and(ok, eq(byte(0, calldataload(add(p, 69))), 0x94))
            // State root, transactions root, receipts root, bloom of 256 bytes.
            ok := and(ok, eq(byte(0, calldataload(add(p, 90))), 0xa0))
            ok := and(ok, eq(byte(0, calldataload(add(p, 123))), 0xa0))
            ok := and(ok, eq(byte(0, calldataload(add(p, 156))), 0xa0))
            ok := and(ok, eq(shr(232, calldataload(add(p, 189))), 0xb90100))
            let stateRoot := calldataload(add(p, 91))
            // Difficulty, zero or one; number, gas limit, gas used, timestamp.
            let effort := byte(0, calldataload(add(p, 448)))
            ok := and(ok, or(eq(effort, 0x80), eq(effort, 0x01)))
            let number_, unused, time
            number_, p := numeral(add(p, 449))
            unused, p := numeral(p)
            unused, p := numeral(p)
            time, p := numeral(p)
            // More fields follow, and the last one read ends before the header does.
            ok := and(ok, lt(p, end))

            let m := mload(0x40)
            calldatacopy(m, header.offset, header.length)
            mstore(head, keccak256(m, header.length))
            mstore(add(head, 0x20), stateRoot)
            mstore(add(head, 0x40), number_)
            mstore(add(head, 0x60), time)
        }
        if (!ok) revert StateProof.InvalidProof(ProofError.BAD_HEADER);
    }
}
