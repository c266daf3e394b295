// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ProofError} from "../../src/libraries/Trie.sol";
import {Proofs} from "./Proofs.sol";
import {Walker} from "./Walker.sol";

/// @notice What our walk and py-trie say of the same proofs, true and changed: presence, and above all absence.
contract TrieVectorsTest is Test {
    struct Vector {
        uint256 changed;
        bytes32 key;
        string name;
        bytes proof;
        bytes32 root;
        bytes value;
        uint256 verdict;
    }

    string private constant TYPE =
        "Vector(uint256 changed,bytes32 key,string name,bytes proof,bytes32 root,bytes value,uint256 verdict)";

    uint256 private constant NO_PROOF = 0;
    uint256 private constant VALUE = 1;
    uint256 private constant ABSENT = 2;

    Walker private immutable walker = new Walker();
    string private json = vm.readFile("../tests/vectors/proofs/tries.json");

    /// @custom:invariant Ours never says more than py-trie, and says as much of every true proof.
    function test_walk_agreesWithPyTrie() public {
        Vector[] memory all = abi.decode(vm.parseJsonTypeArray(json, "$", TYPE), (Vector[]));
        uint256[3] memory agreed;
        for (uint256 i; i < all.length; ++i) {
            Vector memory v = all[i];
            (bytes memory value, ProofError reason) = walker.walk(v.root, v.key, v.proof);
            uint256 ours = reason == ProofError.NONE ? VALUE : reason == ProofError.ABSENT ? ABSENT : NO_PROOF;
            if (ours == VALUE) assertEq(value, v.value, vm.toString(i));
            if (v.changed == 0 || ours != NO_PROOF) assertEq(ours, v.verdict, vm.toString(i));
            else if (v.verdict != NO_PROOF) assertTrue(_isStrictness(reason), vm.toString(i));
            if (v.changed != 0 && ours == v.verdict) ++agreed[ours];
        }
        // Changed proofs that both take, one way or the other, and that both refuse.
        assertGt(agreed[VALUE], 10);
        assertGt(agreed[ABSENT], 10);
        assertGt(agreed[NO_PROOF], 100);
    }

    /// @dev Where py-trie has an answer and we refuse: it does not look at what it passes by, nor at the order of nodes.
    function _isStrictness(ProofError reason) private pure returns (bool) {
        return reason == ProofError.BAD_RLP || reason == ProofError.BAD_NODE || reason == ProofError.BAD_PATH
            || reason == ProofError.SPARE_NODES || reason == ProofError.WRONG_NODE;
    }
}
