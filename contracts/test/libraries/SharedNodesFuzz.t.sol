// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {Test} from "forge-std/Test.sol";

import {ProofError, Trie} from "../../src/libraries/Trie.sol";
import {Proofs, Proven} from "./Proofs.sol";

/// @notice Walks the proof that begins at some byte of what it is given: what stands before is there to be referred to.
contract LateWalker {
    function walk(bytes32 root, bytes32 key, uint256 from, bytes calldata data)
        external
        pure
        returns (bytes memory value, ProofError reason)
    {
        uint256 at;
        uint256 size;
        (at, size,, reason) = Trie.tryWalk(root, key, data[from:]);
        if (reason == ProofError.NONE) {
            value = new bytes(size);
            assembly ("memory-safe") {
                calldatacopy(add(value, 32), at, size)
            }
        }
    }

    function traverse(bytes32 root, bytes32 key, bytes[] memory nodes) external pure returns (bytes memory) {
        return TrieProof.traverse(root, abi.encodePacked(key), nodes);
    }
}

/// @notice References among nodes, changed at random: whatever is accepted, OpenZeppelin's walk accepts with the nodes
/// written out, and with the same value.
contract SharedNodesFuzzTest is Test {
    using Proofs for bytes;

    /// @dev Selector and the four words before the bytes of {LateWalker.walk}'s last argument begin.
    uint256 private constant FRONT = 4 + 5 * 32;

    LateWalker private immutable walker = new LateWalker();
    Proven[] private all;

    function setUp() public {
        Proven[] memory loaded = Proofs.load();
        for (uint256 i; i < loaded.length; ++i) {
            if (loaded[i].value != 0) all.push(loaded[i]);
        }
    }

    /// @custom:invariant A proof whose nodes stand elsewhere in the calldata, in any order, says what it says in full.
    function testFuzz_walk_findsNodesWhereverTheyStand(uint256 which, uint256 order, uint8 gap) public view {
        Proven memory p = all[which % all.length];
        bytes[] memory nodes = p.accountProof.unpack();
        (bytes memory data, uint256 from) = _scattered(nodes, order, gap);
        bytes32 key = keccak256(abi.encodePacked(p.account));
        (bytes memory value, ProofError reason) = walker.walk(p.stateRoot, key, from, data);
        assertEq(uint8(reason), uint8(ProofError.NONE));
        assertEq(value, walker.traverse(p.stateRoot, key, nodes));
    }

    /// @custom:invariant What is accepted of a changed proof is what the nodes say when they are written out.
    function testFuzz_walk_agreesWithTwinOnChangedReferences(
        uint256 which,
        uint256 order,
        uint8 gap,
        uint256 place,
        uint16 put,
        bool small
    ) public view {
        Proven memory p = all[which % all.length];
        bytes[] memory nodes = p.accountProof.unpack();
        (bytes memory data, uint256 from) = _scattered(nodes, order, gap);
        // Two bytes of the proof, or of anything before it, become others.
        place = small ? from + place % (data.length - from - 1) : place % (data.length - 1);
        (data[place], data[place + 1]) = (bytes1(uint8(put >> 8)), bytes1(uint8(put)));
        bytes32 key = keccak256(abi.encodePacked(p.account));
        (bytes memory value, ProofError reason) = walker.walk(p.stateRoot, key, from, data);
        if (reason != ProofError.NONE) return;
        bytes memory all_ = abi.encodeCall(LateWalker.walk, (p.stateRoot, key, from, data));
        assertEq(value, walker.traverse(p.stateRoot, key, _writtenOut(all_, FRONT + from)));
    }

    /// @custom:invariant Whatever a reference names, also outside of the calldata, is what its bytes hash to.
    function testFuzz_walk_readsNothingElse(uint16 back, uint16 size, bytes32 key, bytes memory before) public view {
        bytes memory data = bytes.concat(before, bytes2(size), hex"01", bytes2(0x8000 | back));
        uint256 from = before.length + 2;
        bytes memory sent = abi.encodeCall(LateWalker.walk, (bytes32(0), key, from, data));
        bytes[] memory nodes = _writtenOut(sent, FRONT + from);
        bytes32 root = keccak256(nodes[0]);
        // The root is part of the calldata: where the node covers it, its hash is another.
        (, ProofError reason) = walker.walk(root, key, from, data);
        assertNotEq(uint8(reason), uint8(ProofError.NONE));
    }

    /// @dev The nodes in some order, each with its length; then a proof of references to them.
    function _scattered(bytes[] memory nodes, uint256 order, uint8 gap)
        private
        pure
        returns (bytes memory data, uint256 from)
    {
        uint256[] memory places = new uint256[](nodes.length);
        uint256 first = order % nodes.length;
        for (uint256 i; i < nodes.length; ++i) {
            uint256 n = (first + i) % nodes.length;
            data = bytes.concat(data, new bytes(gap % 5));
            places[n] = data.length;
            data = bytes.concat(data, bytes2(uint16(nodes[n].length)), nodes[n]);
        }
        from = data.length;
        data = bytes.concat(data, bytes1(uint8(nodes.length)));
        for (uint256 i; i < nodes.length; ++i) {
            // Some stand here after all.
            if (order >> (i + 8) & 3 == 0) data = bytes.concat(data, bytes2(uint16(nodes[i].length)), nodes[i]);
            else data = bytes.concat(data, bytes2(uint16(0x8000 | data.length - places[i])));
        }
    }

    /// @dev The nodes of the proof at `p`, by the text of the protocol: bytes beyond the calldata are zero.
    function _writtenOut(bytes memory data, uint256 p) private pure returns (bytes[] memory nodes) {
        nodes = new bytes[](_byte(data, p++));
        for (uint256 i; i < nodes.length; ++i) {
            uint256 size = _byte(data, p) << 8 | _byte(data, p + 1);
            uint256 at = p;
            p += 2;
            if (size >> 15 == 0) {
                p += size;
            } else {
                uint256 back = size & 0x7fff;
                // A length before the calldata is none, a node before it the calldata's end.
                bool cut = back > at && back <= at + 2;
                at = back > at ? data.length - 2 : at - back;
                size = cut ? 0 : _byte(data, at) << 8 | _byte(data, at + 1);
            }
            nodes[i] = new bytes(size);
            for (uint256 k; k < size; ++k) {
                nodes[i][k] = bytes1(uint8(_byte(data, at + 2 + k)));
            }
        }
    }

    function _byte(bytes memory data, uint256 at) private pure returns (uint256) {
        return at < data.length ? uint8(data[at]) : 0;
    }
}
