// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {Test} from "forge-std/Test.sol";

import {ProofError} from "../../src/libraries/Trie.sol";
import {Proofs, Proven} from "./Proofs.sol";
import {Walker} from "./Walker.sol";

/// @notice OpenZeppelin's walk, the independent twin of ours.
contract Twin {
    function walk(bytes32 root, bytes32 key, bytes[] memory nodes) external pure returns (bytes memory) {
        return TrieProof.traverse(root, abi.encodePacked(key), nodes);
    }
}

/// @notice Real proofs, changed at random: what one walker accepts the other accepts, with the same value.
contract StateProofFuzzTest is Test {
    Walker private immutable walker = new Walker();
    Twin private immutable twin = new Twin();
    Proven[] private all;

    function setUp() public {
        Proven[] memory loaded = Proofs.load();
        for (uint256 i; i < loaded.length; ++i) {
            all.push(loaded[i]);
        }
        assertGt(all.length, 30, "vectors");
    }

    /// @custom:invariant A changed proof under the true root shows the true value or nothing.
    function testFuzz_walk_agreesWithTwinOnChangedProofs(uint256 which, bool account, uint8 change, uint256 seed)
        public
        view
    {
        (bytes32 root, bytes32 key, bytes[] memory nodes) = _pick(which, account);
        if (nodes.length == 0) return;
        uint256 i = seed % nodes.length;
        seed = uint256(keccak256(abi.encode(seed)));
        if (change % 8 == 0) nodes[i] = "";
        else if (change % 8 == 1) (nodes[i], nodes[seed % nodes.length]) = (nodes[seed % nodes.length], nodes[i]);
        else if (change % 8 == 2) nodes = _more(nodes, nodes[i]);
        else if (change % 8 == 3) nodes = _fewer(nodes);
        else nodes[i] = _changed(nodes[i], change, seed);
        _compare(root, key, nodes, true);
    }

    /// @custom:invariant Where the twin accepts a node that was encoded anew, with all above committing to it, ours
    /// gives the same value or refuses; where ours accepts, so does the twin.
    function testFuzz_walk_agreesWithTwinOnGraftedNodes(uint256 which, bool account, uint8 change, uint256 seed)
        public
        view
    {
        (, bytes32 key, bytes[] memory nodes) = _pick(which, account);
        if (nodes.length == 0) return;
        uint256 i = seed % nodes.length;
        bytes memory node = _changed(nodes[i], change, uint256(keccak256(abi.encode(seed))));
        if (node.length > type(uint16).max) return;
        bytes32 root = Proofs.graft(nodes, i, node);
        _compare(root, key, nodes, false);
    }

    /// @custom:invariant A true proof shows nothing of another key, except that it is absent.
    function testFuzz_walk_agreesWithTwinOnOtherKeys(uint256 which, bool account, uint8 nibbles, bytes32 other)
        public
        view
    {
        (bytes32 root, bytes32 key, bytes[] memory nodes) = _pick(which, account);
        uint256 keep = 4 * (uint256(nibbles) % 65);
        bytes32 mask = keep == 0 ? bytes32(0) : bytes32(type(uint256).max << (256 - keep));
        _compare(root, key & mask | other & ~mask, nodes, true);
    }

    function test_walk_provesEveryVector() public view {
        for (uint256 i; i < all.length; ++i) {
            Proven memory p = all[i];
            (bytes32 storageRoot, bytes32 codeHash) = walker.account(p.stateRoot, p.account, p.accountProof);
            assertEq(storageRoot, p.storageRoot);
            assertEq(codeHash, p.codeHash);
            if (p.value != 0) assertEq(walker.slot(p.storageRoot, p.slot, p.storageProof), p.value);
            else walker.absent(p.storageRoot, p.slot, p.storageProof);
        }
    }

    function _pick(uint256 which, bool account) private view returns (bytes32 root, bytes32 key, bytes[] memory nodes) {
        Proven memory p = all[which % all.length];
        return account
            ? (p.stateRoot, keccak256(abi.encodePacked(p.account)), Proofs.unpack(p.accountProof))
            : (p.storageRoot, keccak256(abi.encode(p.slot)), Proofs.unpack(p.storageProof));
    }

    function _compare(bytes32 root, bytes32 key, bytes[] memory nodes, bool both) private view {
        (bytes memory ours, ProofError reason) = walker.walk(root, key, Proofs.pack(nodes));
        try twin.walk(root, key, nodes) returns (bytes memory theirs) {
            if (reason == ProofError.NONE) assertEq(ours, theirs, "value");
            // The twin does not look at what it passes by: other children, padding of paths, the length of a leaf's
            // value.
            else assertTrue(!both && _isStrictness(reason), "refused what the twin accepts");
        } catch {
            assertFalse(reason == ProofError.NONE, "accepted what the twin refuses");
        }
    }

    function _isStrictness(ProofError reason) private pure returns (bool) {
        return reason == ProofError.BAD_RLP || reason == ProofError.BAD_NODE || reason == ProofError.BAD_PATH;
    }

    function _changed(bytes memory node, uint8 change, uint256 seed) private pure returns (bytes memory) {
        if (node.length == 0) return node;
        uint256 from = (seed >> 8) % node.length;
        // Bytes that mean something in RLP and in path prefixes, or any.
        bytes1 put = change % 3 == 0 ? bytes1(uint8(seed)) : bytes16(0x80a0c0f8b881001020303fc1dea1f9b9)[seed % 16];
        // The first bytes hold the structure: half of the changes go there.
        if (seed >> 255 == 1) from %= 4;
        uint8 kind = change >> 4;
        if (kind < 6) return Proofs.splice(node, from, 1, abi.encodePacked(put));
        if (kind < 8) {
            return Proofs.splice(node, from, 1, abi.encodePacked(node[from] ^ bytes1(uint8(1 << (seed % 8)))));
        }
        if (kind < 10) return Proofs.splice(node, from, 0, abi.encodePacked(put));
        if (kind < 12) return Proofs.splice(node, from, 1, "");
        if (kind < 13) return Proofs.slice(node, 0, from);
        if (kind < 14) return bytes.concat(node, put);
        if (kind < 15) {
            return Proofs.splice(node, 0, 1, abi.encodePacked(bytes1(0xf9), bytes2(uint16(node.length - 1))));
        }
        return Proofs.splice(node, from, 33 < node.length - from ? 33 : 1, abi.encodePacked(put));
    }

    function _more(bytes[] memory nodes, bytes memory node) private pure returns (bytes[] memory more) {
        more = new bytes[](nodes.length + 1);
        for (uint256 i; i < nodes.length; ++i) {
            more[i] = nodes[i];
        }
        more[nodes.length] = node;
    }

    function _fewer(bytes[] memory nodes) private pure returns (bytes[] memory fewer) {
        fewer = new bytes[](nodes.length - 1);
        for (uint256 i; i < fewer.length; ++i) {
            fewer[i] = nodes[i];
        }
    }
}
