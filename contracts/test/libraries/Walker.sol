// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {StateProof} from "../../src/libraries/StateProof.sol";
import {ProofError, Trie} from "../../src/libraries/Trie.sol";

/// @notice The proof libraries behind external functions, because they read calldata.
contract Walker {
    function walk(bytes32 root, bytes32 key, bytes calldata proof)
        external
        pure
        returns (bytes memory value, ProofError reason)
    {
        uint256 data;
        uint256 size;
        (data, size,, reason) = Trie.tryWalk(root, key, proof);
        if (reason == ProofError.NONE) {
            value = new bytes(size);
            assembly ("memory-safe") {
                calldatacopy(add(value, 32), data, size)
            }
        }
    }

    function account(bytes32 stateRoot, address who, bytes calldata proof)
        external
        pure
        returns (bytes32 storageRoot, bytes32 codeHash)
    {
        bytes calldata rest;
        (storageRoot, codeHash, rest) = StateProof.account(stateRoot, who, proof);
        StateProof.end(rest);
    }

    function slot(bytes32 storageRoot, bytes32 where, bytes calldata proof) external pure returns (bytes32 value) {
        bytes calldata rest;
        (value, rest) = StateProof.slot(storageRoot, where, proof);
        StateProof.end(rest);
    }

    function absent(bytes32 storageRoot, bytes32 where, bytes calldata proof) external pure {
        StateProof.end(StateProof.absent(storageRoot, where, proof));
    }

    function slotOf(bytes32 stateRoot, address who, bytes32 where, bytes calldata proof)
        external
        view
        returns (bytes32 value, uint256 gasUsed)
    {
        gasUsed = gasleft();
        (bytes32 storageRoot,, bytes calldata rest) = StateProof.account(stateRoot, who, proof);
        (value, rest) = StateProof.slot(storageRoot, where, rest);
        gasUsed -= gasleft();
        StateProof.end(rest);
    }
}
