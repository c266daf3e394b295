// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ProofError, Trie} from "../../src/libraries/Trie.sol";
import {Proofs} from "./Proofs.sol";
import {Walker} from "./Walker.sol";

/// @notice Every way in which {Trie} refuses, on tries small enough to be written out here.
contract TrieTest is Test {
    using Proofs for bytes[];

    /// Key of nibbles 1, 2, 3, ... and its last 63, as a leaf's path.
    bytes32 private constant KEY = 0x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0;
    bytes32 private constant TAIL = 0x3234_56789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0;
    bytes32 private constant HASH = keccak256("another child");

    Walker private immutable walker = new Walker();

    // ---------------------------------------------------------------- what is shown

    function test_walk_findsALeafAtTheRoot() public view {
        _shows(_leaf(abi.encodePacked(hex"20", KEY), hex"05"), hex"05");
        _shows(_leaf(abi.encodePacked(hex"20", KEY), hex"8180"), hex"80");
        _shows(_leaf(abi.encodePacked(hex"20", KEY), bytes.concat(hex"b838", new bytes(56))), new bytes(56));
    }

    function test_walk_findsALeafBelowABranchAndAnExtension() public view {
        // Depth 1: branch (child 1) and leaf.
        bytes[] memory nodes = new bytes[](2);
        nodes[1] = _leaf(abi.encodePacked(TAIL), hex"07");
        nodes[0] = _branch(1, _hash(nodes[1]), hex"80");
        _shows(nodes, hex"07");
        // Extension of nibbles 1 2, branch (child 3), leaf of 61.
        nodes = new bytes[](3);
        nodes[2] = _leaf(abi.encodePacked(hex"34", bytes30(KEY << 16)), hex"07");
        nodes[1] = _branch(3, _hash(nodes[2]), _hash(HASH));
        nodes[0] = _list(bytes.concat(hex"820012", _hash(nodes[1])));
        _shows(nodes, hex"07");
    }

    function test_walk_findsALeafAfter64Branches() public view {
        bytes memory node = _list(hex"2009"); // a leaf with nothing left of its path
        bytes[] memory nodes = new bytes[](64);
        uint256 left = 64;
        bytes memory child = node; // stands inline in the lowest branch
        for (uint256 depth = 64; depth > 0; --depth) {
            uint256 nibble = uint256(KEY) >> (256 - 4 * depth) & 15;
            nodes[--left] = _branch(nibble, child, _hash(HASH));
            child = _hash(nodes[left]);
        }
        _shows(nodes, hex"09");
    }

    // ---------------------------------------------------------------- what is absent

    function test_walk_showsAbsenceInAnEmptyTrie() public view {
        _is(Trie.EMPTY_ROOT, hex"00", ProofError.ABSENT);
    }

    function test_walk_showsAbsenceByAnotherLeaf() public view {
        _is(_leaf(abi.encodePacked(hex"20", KEY ^ bytes32(uint256(1))), hex"05"), ProofError.ABSENT);
        _is(_leaf(abi.encodePacked(hex"20", KEY ^ bytes32(uint256(1) << 255)), hex"05"), ProofError.ABSENT);
    }

    function test_walk_showsAbsenceByABranchWithoutTheChild() public view {
        _is(_branch(2, _hash(HASH), hex"80"), ProofError.ABSENT);
    }

    function test_walk_showsAbsenceByAnExtensionAside() public view {
        _is(_list(bytes.concat(hex"820013", _hash(HASH))), ProofError.ABSENT);
    }

    // ---------------------------------------------------------------- what is refused

    function test_walk_refusesNoBytes() public view {
        _is(bytes32(0), "", ProofError.CUT_SHORT);
        _is(Trie.EMPTY_ROOT, "", ProofError.CUT_SHORT);
    }

    function test_walk_refusesAProofCutShort() public view {
        bytes memory proof = _one(_leaf(abi.encodePacked(hex"20", KEY), hex"05")).pack();
        bytes32 root = keccak256(Proofs.slice(proof, 3, proof.length - 3));
        for (uint256 size; size < proof.length; ++size) {
            _is(root, Proofs.slice(proof, 0, size), ProofError.CUT_SHORT);
        }
        _is(root, proof, ProofError.NONE);
    }

    function test_walk_refusesNoNodes() public view {
        _is(HASH, hex"00", ProofError.MISSING_NODES);
        _is(bytes32(0), hex"00", ProofError.MISSING_NODES);
    }

    function test_walk_refusesTheEmptyStringAsANode() public view {
        _is(hex"80", ProofError.BAD_RLP);
    }

    function test_walk_refusesAnotherRoot() public view {
        bytes memory proof = _one(_leaf(abi.encodePacked(hex"20", KEY), hex"05")).pack();
        _is(HASH, proof, ProofError.WRONG_NODE);
        _is(bytes32(0), proof, ProofError.WRONG_NODE);
    }

    function test_walk_refusesAnotherChild() public view {
        bytes[] memory nodes = new bytes[](2);
        nodes[1] = _leaf(abi.encodePacked(TAIL), hex"07");
        nodes[0] = _branch(1, _hash(HASH), hex"80");
        _is(nodes, ProofError.WRONG_NODE);
    }

    function test_walk_refusesMissingNodes() public view {
        _is(_branch(1, _hash(HASH), hex"80"), ProofError.MISSING_NODES);
    }

    function test_walk_refusesSpareNodesAfterAValueOrAnAbsence() public view {
        bytes[] memory nodes = new bytes[](2);
        nodes[1] = _leaf(abi.encodePacked(TAIL), hex"07");
        nodes[0] = _leaf(abi.encodePacked(hex"20", KEY), hex"05");
        _is(nodes, ProofError.SPARE_NODES);
        nodes[0] = _branch(2, _hash(nodes[1]), hex"80");
        _is(nodes, ProofError.SPARE_NODES);
        _is(Trie.EMPTY_ROOT, bytes.concat(hex"01", bytes2(uint16(nodes[0].length)), nodes[0]), ProofError.WRONG_NODE);
    }

    function test_walk_refusesListsOfAnotherLength() public view {
        bytes memory body = bytes.concat(hex"a1", abi.encodePacked(hex"20", KEY), hex"05");
        _is(bytes.concat(hex"e4", body), ProofError.BAD_RLP); // says one more
        _is(bytes.concat(hex"e2", body), ProofError.BAD_RLP); // says one less
        _is(bytes.concat(hex"f823", body), ProofError.BAD_RLP); // long form of 35
        _is(bytes.concat(hex"f90023", body), ProofError.BAD_RLP); // with a leading zero
        _is(bytes.concat(hex"fa000023", body), ProofError.BAD_RLP); // no node is that long
        _is(bytes.concat(hex"a3", body), ProofError.BAD_RLP); // a string
        _is(hex"f8", ProofError.BAD_RLP); // ends in its length
        _is(hex"f9", ProofError.BAD_RLP);
        _is(bytes.concat(hex"f8ff", new bytes(254)), ProofError.BAD_RLP);
    }

    function test_walk_refusesValuesOfAnotherLength() public view {
        bytes memory path = abi.encodePacked(hex"a120", KEY);
        _is(_list(bytes.concat(path, hex"8105")), ProofError.BAD_RLP); // 5 stands for itself
        _is(_list(bytes.concat(path, hex"80")), ProofError.BAD_RLP); // empty
        _is(_list(bytes.concat(path, hex"b80105")), ProofError.BAD_RLP); // long form of 1
        _is(_list(bytes.concat(path, hex"820506ff")), ProofError.BAD_RLP); // ends before its node
        _is(_list(bytes.concat(path, hex"8205")), ProofError.BAD_RLP); // ends after it
        _is(_list(bytes.concat(path, hex"c105")), ProofError.BAD_RLP); // a list
        _is(_list(bytes.concat(path, hex"b90038", new bytes(56))), ProofError.BAD_RLP); // leading zero
    }

    function test_walk_refusesAbsenceByAMalformedLeaf() public view {
        bytes memory path = abi.encodePacked(hex"a120", ~KEY);
        _is(_list(bytes.concat(path, hex"8105")), ProofError.BAD_RLP);
        _is(_list(bytes.concat(path, hex"80")), ProofError.BAD_RLP);
    }

    function test_walk_refusesPathsThatNoKeyHas() public view {
        _is(_leaf(abi.encodePacked(hex"40", KEY), hex"05"), ProofError.BAD_PATH); // prefix 4
        _is(_leaf(abi.encodePacked(hex"21", KEY), hex"05"), ProofError.BAD_PATH); // padding
        _is(_leaf(abi.encodePacked(hex"31", KEY), hex"05"), ProofError.BAD_PATH); // 65 nibbles
        _is(_leaf(abi.encodePacked(hex"20", bytes31(KEY)), hex"05"), ProofError.BAD_PATH); // 62 nibbles
        _is(_list(bytes.concat(hex"2005")), ProofError.BAD_PATH); // none
        _is(_list(bytes.concat(hex"00", _hash(HASH))), ProofError.BAD_PATH); // an extension by nothing
        _is(_list(bytes.concat(hex"8111", _hash(HASH))), ProofError.BAD_PATH); // 11 stands for itself
        _is(_list(bytes.concat(hex"820112", _hash(HASH))), ProofError.BAD_PATH); // padding
        _is(_list(bytes.concat(hex"a100", KEY, _hash(HASH))), ProofError.BAD_PATH); // an extension to the key's end
        _is(_list(bytes.concat(hex"a120", bytes31(KEY))), ProofError.BAD_PATH); // path runs over its node
    }

    function test_walk_refusesBranchesOfAnotherShape() public view {
        bytes memory fine = _branch(1, _hash(HASH), hex"80");
        _is(fine, ProofError.MISSING_NODES);
        bytes memory body = Proofs.slice(fine, 1, fine.length - 1); // 49 bytes: a short list
        _is(_list(bytes.concat(body, hex"80")), ProofError.BAD_NODE); // 18 items
        _is(_list(Proofs.slice(body, 0, 48)), ProofError.BAD_NODE); // 16 items
        _is(_list(Proofs.splice(body, 48, 1, hex"05")), ProofError.BAD_NODE); // a value
        _is(_list(Proofs.splice(body, 0, 1, hex"05")), ProofError.BAD_PATH); // reads as a path, prefix 0
        _is(_branch(1, _hash(HASH), hex"8105"), ProofError.BAD_PATH); // children that are neither empty, hash nor node
        _is(_branch(0, _hash(HASH), hex"05"), ProofError.BAD_NODE);
        _is(_branch(0, _hash(HASH), hex"820505"), ProofError.BAD_NODE);
        _is(_branch(0, _hash(HASH), hex"c0"), ProofError.BAD_NODE);
        _is(_branch(0, hex"a005", hex"80"), ProofError.BAD_NODE);
        _is(_branch(1, bytes.concat(hex"df", new bytes(31)), hex"80"), ProofError.BAD_NODE); // inline, and 32 bytes
        _is(_list(""), ProofError.BAD_PATH); // no item
    }

    function test_walk_refusesFullBranchesOfAnotherShape() public view {
        bytes memory full = _branch(1, _hash(HASH), _hash(HASH));
        assertEq(full.length, 532);
        _is(full, ProofError.MISSING_NODES);
        for (uint256 i; i < 16; ++i) {
            bytes memory changed = Proofs.splice(full, 3 + 33 * i, 1, hex"a1");
            _is(changed, i == 0 ? ProofError.BAD_PATH : ProofError.BAD_NODE);
        }
        _is(Proofs.splice(full, 531, 1, hex"81"), ProofError.BAD_NODE);
    }

    function test_walk_refusesExtensionsToNoBranch() public view {
        _is(_list(hex"1180"), ProofError.BAD_NODE); // empty
        _is(_list(bytes.concat(hex"11", _hash(HASH), hex"80")), ProofError.BAD_NODE); // three items
        _is(_list(hex"11c0"), ProofError.BAD_NODE);
        _is(_list(hex"1105"), ProofError.BAD_NODE);
        _is(_list(hex"13c0"), ProofError.BAD_NODE); // nor do they show absence
    }

    function test_walk_refusesAShortNodeByHash() public view {
        // An honest trie has this leaf inline in its parent; here the parent names it by hash.
        bytes[] memory nodes = new bytes[](2);
        nodes[1] = hex"c22009";
        nodes[0] = _branch(1, _hash(nodes[1]), hex"80");
        _is(nodes, ProofError.BAD_NODE);
    }

    function test_walk_refusesABranchBelowTheKeysEnd() public view {
        bytes[] memory nodes = new bytes[](65);
        bytes memory child = _branch(0, _hash(HASH), hex"80");
        nodes[64] = child;
        for (uint256 depth = 64; depth > 0; --depth) {
            nodes[depth - 1] = _branch(uint256(KEY) >> (256 - 4 * depth) & 15, _hash(nodes[depth]), hex"80");
        }
        _is(nodes, ProofError.BAD_NODE);
    }

    // ---------------------------------------------------------------- words for the above

    function _shows(bytes memory node, bytes memory value) private view {
        _shows(_one(node), value);
    }

    function _shows(bytes[] memory nodes, bytes memory value) private view {
        (bytes memory found, ProofError reason) = walker.walk(keccak256(nodes[0]), KEY, nodes.pack());
        assertEq(uint8(reason), uint8(ProofError.NONE), "refused");
        assertEq(found, value);
    }

    function _is(bytes memory node, ProofError expected) private view {
        _is(_one(node), expected);
    }

    function _is(bytes[] memory nodes, ProofError expected) private view {
        _is(keccak256(nodes[0]), nodes.pack(), expected);
    }

    function _is(bytes32 root, bytes memory proof, ProofError expected) private view {
        (, ProofError reason) = walker.walk(root, KEY, proof);
        assertEq(uint8(reason), uint8(expected), vm.toString(proof));
    }

    function _one(bytes memory node) private pure returns (bytes[] memory nodes) {
        nodes = new bytes[](1);
        nodes[0] = node;
    }

    function _leaf(bytes memory path, bytes memory value) private pure returns (bytes memory) {
        return _list(bytes.concat(bytes1(uint8(0x80 + path.length)), path, value));
    }

    function _branch(uint256 nibble, bytes memory child, bytes memory others) private pure returns (bytes memory) {
        bytes memory body;
        for (uint256 i; i < 16; ++i) {
            body = bytes.concat(body, i == nibble ? child : others);
        }
        return _list(bytes.concat(body, hex"80"));
    }

    function _hash(bytes memory node) private pure returns (bytes memory) {
        return _hash(keccak256(node));
    }

    function _hash(bytes32 hash) private pure returns (bytes memory) {
        return abi.encodePacked(hex"a0", hash);
    }

    function _list(bytes memory body) private pure returns (bytes memory) {
        if (body.length < 56) return bytes.concat(bytes1(uint8(0xc0 + body.length)), body);
        if (body.length < 256) return bytes.concat(hex"f8", bytes1(uint8(body.length)), body);
        return bytes.concat(hex"f9", bytes2(uint16(body.length)), body);
    }
}
