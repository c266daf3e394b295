// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRoutedHeads, RoutedHead} from "../interfaces/IRoutedHeads.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {L1Alias} from "../libraries/L1Alias.sol";

/// @title Heads that the L1 router has sent
/// @notice See {IRoutedHeads}.
contract RoutedHeads is IRoutedHeads {
    /// @inheritdoc IRoutedHeads
    address public immutable router;

    /// @inheritdoc IRoutedHeads
    mapping(bytes32 log => mapping(bytes32 head => bool)) public accepted;

    /// @param l1Router The {Router}, by its address on L1
    constructor(address l1Router) {
        router = L1Alias.speaker(l1Router);
    }

    /// @inheritdoc IRoutedHeads
    function accept(RoutedHead[] calldata heads) external {
        if (msg.sender != router) revert NotRouter(msg.sender, router);
        for (uint256 i; i < heads.length; ++i) {
            (bytes32 log, bytes32 head) = (heads[i].log, heads[i].head);
            if (head == 0) revert ZeroRoutedHead(log);
            accepted[log][head] = true;
            emit Accepted(log, head);
        }
    }

    /// @inheritdoc IVerifier
    function verify(bytes32 log, bytes32 head, uint64, bytes calldata proof) external view {
        if (proof.length != 0) revert ProofNotEmpty(proof.length);
        if (!accepted[log][head]) revert NotAccepted(log, head);
    }
}
