// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @notice Why a proof is refused. Each has a test of its name.
enum ProofError {
    NONE, // the key is in the trie, with the value returned
    CUT_SHORT, // the proof's bytes end before its nodes do
    WRONG_NODE, // a node is not the one that the root, or the node above, commits to
    BAD_RLP, // an item's length is not canonical, or runs over its node
    BAD_NODE, // neither branch, extension nor leaf, or one that should stand inline
    BAD_PATH, // unknown prefix, padding that is not zero, or a path that no 64-nibble key has here
    MISSING_NODES, // the nodes end before the key's path does
    SPARE_NODES, // nodes are left over
    ABSENT, // the key is not in the trie: this is what an exclusion proof shows
    PRESENT, // the key is in the trie, where its absence was to be shown
    BAD_ACCOUNT, // the value is not the RLP of an account
    BAD_VALUE, // the value is not the RLP of a word that is not zero
    BAD_HEADER, // not the RLP of a block header
    SPARE_BYTES // bytes are left over
}

/// @title Strict walk down a Merkle-Patricia trie, in calldata
/// @notice In: a root, a key of 32 bytes, and a proof: node count u8 ‖ count × (length u16 ‖ node), root first, as
/// `eth_getProof` gives them. Nodes under 32 bytes stand inline in their parent and are not repeated; nor need a node
/// be that an earlier proof of the same calldata has: in its stead stands 0x8000 | d, u16, and the node, with its
/// length, d bytes before that. Out: where the value is, or that the key is not in the trie.
///
/// Promise: a value, or an absence, is returned only for a well-formed path of nodes, each of which hashes to what its
/// parent commits to, with nothing left over. What the value means is left to {StateProof}.
/// Children that the path passes by are measured, not read: an inline one among them could be malformed, which no
/// client's trie is.
/// Source: Ethereum Yellow Paper, appendices B (RLP), C (hex prefix) and D (trie).
library Trie {
    /// @dev keccak256(rlp("")): the root of a trie with nothing in it.
    bytes32 internal constant EMPTY_ROOT = 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421;

    /// @dev Walks from `root` to `key`.
    /// @param proof Calldata that begins with the proof; more may follow it
    /// @return data Calldata offset of the value; 0 unless `err` is NONE
    /// @return size Length of the value
    /// @return next Calldata offset of the first byte after the proof; the end of `proof` on any other error
    /// @return err NONE, or ABSENT for a full proof that the key is not there, or why this is no proof
    function tryWalk(bytes32 root, bytes32 key, bytes calldata proof)
        internal
        pure
        returns (uint256 data, uint256 size, uint256 next, ProofError err)
    {
        // Assembly, because a node costs about 2,000 gas here and 25,000 decoded into memory. Memory-safe: it writes
        // past the free memory pointer only, where each node is copied to be hashed. No sum can wrap: every offset is
        // at most the calldata size plus 2^16, or, after `width` met a wrong item, below 2^133.
        assembly ("memory-safe") {
            // Bytes that a branch's child item at c takes: empty, hash, or inline node of 2 to 31 bytes; else far too
            // many.
            function width(c) -> w {
                let b := byte(0, calldataload(c))
                w := 1 // 0x80: no child
                if xor(b, 0x80) {
                    w := 33 // 0xa0: hash of the child
                    if xor(b, 0xa0) {
                        w := sub(b, 0xbf) // 0xc1-0xde: the child itself
                        if gt(sub(b, 0xc1), 0x1d) { w := shl(128, 1) }
                    }
                }
            }

            // Whether any of the 4 items at stride 33 from d does not start with 0xa0, in the highest byte.
            function differ(d) -> x {
                let hash := shl(248, 0xa0)
                x := xor(calldataload(d), hash)
                x := or(x, xor(calldataload(add(d, 33)), hash))
                x := or(x, xor(calldataload(add(d, 66)), hash))
                x := or(x, xor(calldataload(add(d, 99)), hash))
            }

            // Child item of the branch with items from d to close, for a nibble; 0 if this is no branch.
            function branch(d, close, nibble) -> child {
                // 16 hashes and no value: every child has a fixed place.
                if eq(sub(close, d), 529) {
                    let x := or(or(differ(d), differ(add(d, 132))), or(differ(add(d, 264)), differ(add(d, 396))))
                    if iszero(or(byte(0, x), xor(byte(0, calldataload(add(d, 528))), 0x80))) {
                        child := add(d, mul(33, nibble))
                        leave
                    }
                }
                // Else child by child, once up to the key's and once from it to the end. ({width} written out: 16
                // calls cost.)
                for { let n := nibble } 1 { n := sub(16, nibble) } {
                    for {} n { n := sub(n, 1) } {
                        let b := byte(0, calldataload(d))
                        let w := 1
                        if xor(b, 0x80) {
                            w := 33
                            if xor(b, 0xa0) {
                                w := sub(b, 0xbf)
                                if gt(sub(b, 0xc1), 0x1d) { w := shl(128, 1) }
                            }
                        }
                        d := add(d, w)
                    }
                    if child { break }
                    child := d
                }
                // The 17th item is the value, which a trie of 32-byte keys never has in a branch, and the last byte.
                if or(xor(byte(0, calldataload(d)), 0x80), xor(add(d, 1), close)) { child := 0 }
            }

            // String item at p, the last before close: where its content starts; 0 if it is none, or not canonical.
            function last(p, close) -> start {
                let w := calldataload(p)
                let b := byte(0, w)
                let length := 1
                start := p
                if gt(b, 0x7f) {
                    length := sub(b, 0x80)
                    start := add(p, 1)
                    // A single byte under 0x80 stands for itself.
                    if and(eq(b, 0x81), lt(byte(1, w), 0x80)) { length := shl(128, 1) }
                    // A string over 55 bytes: at most 255 are ever needed.
                    if gt(b, 0xb7) {
                        start := add(p, 2)
                        length := byte(1, w)
                        if or(xor(b, 0xb8), lt(length, 56)) { length := shl(128, 1) }
                    }
                }
                if xor(add(start, length), close) { start := 0 }
            }

            // Where the items of the list at node start, if it ends at close; else 0.
            function items(node, close) -> d {
                let w := calldataload(node)
                let n := sub(byte(0, w), 0xc0)
                d := add(node, 1)
                if gt(n, 55) {
                    // f8: one byte of length, at least 56; f9: two, at least 256.
                    d := add(node, 2)
                    let b := byte(0, w)
                    n := byte(1, w)
                    let least := 56
                    if eq(b, 0xf9) {
                        d := add(node, 3)
                        n := and(shr(232, w), 0xffff)
                        least := 256
                    }
                    if or(iszero(or(eq(b, 0xf8), eq(b, 0xf9))), lt(n, least)) { n := shl(128, 1) }
                }
                if xor(add(d, n), close) { d := 0 }
            }

            // Extension or leaf with items from d to close: the child or value item, nibbles of the path, and what it
            // is: bit 0 a leaf, bit 1 not on the key's way, bit 2 malformed.
            function short(d, close, rest, left) -> child, count, kind {
                let n := 1
                let bad := 0
                let b := byte(0, calldataload(d))
                if gt(b, 0x7f) {
                    n := sub(b, 0x80)
                    d := add(d, 1)
                    bad := eq(b, 0x81) // a single byte over 0x7f is no prefix, under 0x80 it stands for itself
                }
                child := add(d, n)
                let w := calldataload(d)
                let prefix := byte(0, w)
                let odd := and(shr(4, prefix), 1)
                kind := shr(5, prefix)
                count := add(shl(1, sub(n, 1)), odd)
                // Prefix nibbles 0-3, even paths padded with 0; a leaf ends the key, an extension does not.
                bad := or(bad, gt(prefix, 0x3f))
                bad := or(bad, and(iszero(odd), iszero(iszero(and(prefix, 0x0f)))))
                bad := or(bad, or(gt(child, close), gt(count, left)))
                bad := or(bad, or(xor(kind, eq(count, left)), iszero(or(kind, count))))
                // The path's nibbles, from the highest bit; an even path of 64 has its last byte in the next word.
                switch odd
                case 1 { w := shl(4, w) }
                default { w := or(shl(8, w), byte(0, calldataload(add(d, 32)))) }
                if shr(sub(256, shl(2, count)), xor(w, rest)) { kind := or(kind, 2) }
                if bad { kind := 4 }
            }

            function walk(want, rest, p, end) -> value, close, after, e {
                if iszero(lt(p, end)) {
                    e := 1 // CUT_SHORT
                    leave
                }
                let nodes := byte(0, calldataload(p))
                p := add(p, 1)
                if iszero(or(nodes, xor(want, EMPTY_ROOT))) {
                    after := p
                    e := 8 // ABSENT: there is nothing in this trie
                    leave
                }
                let left := 64 // nibbles of the key not yet walked; `rest` holds them from its highest bit
                // The node, then its child on the key's way, is at `value`, and 0 when it is the next node of the
                // proof.
                for {} 1 {} {
                    if iszero(value) {
                        if iszero(nodes) {
                            e := 6 // MISSING_NODES
                            leave
                        }
                        nodes := sub(nodes, 1)
                        close := shr(240, calldataload(p))
                        value := add(p, 2)
                        p := add(value, close)
                        if shr(15, close) {
                            // Given before, so many bytes back: wherever that is, only the node itself has its hash.
                            p := value
                            value := sub(value, and(close, 0x7fff))
                            if gt(value, p) { value := calldatasize() }
                            close := shr(240, calldataload(sub(value, 2)))
                        }
                        close := add(value, close)
                        if gt(p, end) {
                            e := 1 // CUT_SHORT
                            break
                        }
                        let m := mload(0x40)
                        calldatacopy(m, value, sub(close, value))
                        if xor(keccak256(m, sub(close, value)), want) {
                            e := 2 // WRONG_NODE
                            break
                        }
                        // Only the root has a hash when it is shorter than one.
                        if and(lt(sub(close, value), 32), lt(left, 64)) {
                            e := 4 // BAD_NODE
                            break
                        }
                    }
                    let d := items(value, close)
                    if iszero(d) {
                        e := 3 // BAD_RLP
                        break
                    }
                    // A path item is 0x00-0x7f or 0x82-0xa1, a branch's first child 0x80, 0xa0 or 0xc1-0xde. 0xa0 is a
                    // path of 62 or 63 nibbles if only one item follows.
                    let b := byte(0, calldataload(d))
                    let isBranch := or(eq(b, 0x80), gt(b, 0xa1))
                    if eq(b, 0xa0) {
                        isBranch := 1
                        if lt(sub(close, d), 529) { isBranch := iszero(last(add(d, 33), close)) }
                    }
                    switch isBranch
                    case 1 {
                        value := branch(d, close, shr(252, rest))
                        if or(iszero(value), iszero(left)) {
                            e := 4 // BAD_NODE
                            break
                        }
                        rest := shl(4, rest)
                        left := sub(left, 1)
                        if eq(byte(0, calldataload(value)), 0x80) {
                            e := 8 // ABSENT: no child on the key's way
                            break
                        }
                    }
                    default {
                        let count, kind
                        value, count, kind := short(d, close, rest, left)
                        if gt(kind, 3) {
                            e := 5 // BAD_PATH
                            break
                        }
                        if and(kind, 1) {
                            value := last(value, close)
                            // No value is empty.
                            if or(iszero(value), eq(value, close)) {
                                e := 3 // BAD_RLP
                                break
                            }
                            if gt(kind, 1) { e := 8 } // ABSENT: another key's leaf
                            break
                        }
                        // The child of an extension is a branch, by hash or inline.
                        let w := width(value)
                        if or(eq(w, 1), xor(add(value, w), close)) {
                            e := 4 // BAD_NODE
                            break
                        }
                        if kind {
                            e := 8 // ABSENT: the key leaves the extension
                            break
                        }
                        rest := shl(shl(2, count), rest)
                        left := sub(left, count)
                    }
                    // Down to the child: inline it starts here, by hash it is the proof's next node.
                    switch eq(byte(0, calldataload(value)), 0xa0)
                    case 1 {
                        want := calldataload(add(value, 1))
                        value := 0
                    }
                    default { close := add(value, width(value)) }
                }
                after := p
                // A verdict, either way, needs every node of the proof.
                if iszero(and(e, 7)) {
                    if nodes { e := 7 } // SPARE_NODES
                }
            }

            data, size, next, err := walk(root, key, proof.offset, add(proof.offset, proof.length))
            size := mul(sub(size, data), iszero(err))
            data := mul(data, iszero(err))
        }
    }
}
