// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title Verifier stand-in of the devnet's ZK-stack chain: IT PROVES NOTHING
/// @notice Takes every proof. Nothing on this machine proves zkVM's state transitions, so the one thing that makes a
/// real chain's batches sound is absent from the devnet: what its validator commits is believed. All else that the
/// Diamond checks (order, priority queue, logs, commitments, executed roots) it checks for real.
contract ZkVerifierStandIn {
    /// @notice For whoever looks at the Diamond's verifier and wonders.
    string public constant NOTICE = "stand-in: state transitions are not proven on this devnet";

    /// @notice `Verifier.verify_serialized_proof` of 0.6.1.
    function verify_serialized_proof(uint256[] calldata, uint256[] calldata) external pure returns (bool) {
        return true;
    }
}
