// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {StateProof} from "../../libraries/StateProof.sol";
import {ProofError} from "../../libraries/Trie.sol";
import {PinnedProxy} from "../PinnedProxy.sol";
import {WithdrawalRule} from "./WithdrawalRule.sol";

/// @title Whether the superchain is paused, by proof
/// @notice A portal pays out nothing in a pause, and the guardian may be about to take something back.
library SuperchainPause {
    /// @dev `SuperchainConfig.PAUSED_SLOT` (version 1.1.0)
    bytes32 internal constant PAUSED = bytes32(uint256(keccak256("superchainConfig.paused")) - 1);

    /// @notice Returns if the superchain is not paused, from three trie proofs: its config's account, implementation
    /// slot, and the absence of its pause.
    /// @custom:throws WithdrawalRule.Paused, PinnedProxy.Upgraded, StateProof.InvalidProof
    function notPaused(bytes32 anchorRoot, address config, address pinned, bytes calldata proof)
        internal
        pure
        returns (bytes calldata rest)
    {
        bytes32 root;
        (root, rest) = PinnedProxy.storageRoot(anchorRoot, config, pinned, proof);
        ProofError reason;
        (rest, reason) = StateProof.tryAbsent(root, PAUSED, rest);
        if (reason == ProofError.PRESENT) revert WithdrawalRule.Paused();
        if (reason != ProofError.NONE) revert StateProof.InvalidProof(reason);
    }
}
