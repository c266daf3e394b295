// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title When a state root of a rollup is settled, judged from one block of its anchor
/// @notice One contract for each rollup and layout of its contracts: both are fixed when it is deployed, and an
/// upgrade on the anchor makes it refuse, until the timelock names another.
interface ISettledRule {
    /// @notice The state root that `proof` shows to be settled: the rollup's own rule for withdrawals holds at this
    /// one block of the anchor, with that block's timestamp as the clock.
    /// @param anchorRoot State root of the block of the anchor, known to be true
    /// @param anchorTime Timestamp of that block
    /// @param proof As the family packs it (chapter 7 of the protocol)
    /// @return number Block of the rollup
    /// @return stateRoot State root of that block
    function settled(bytes32 anchorRoot, uint64 anchorTime, bytes calldata proof)
        external
        view
        returns (uint64 number, bytes32 stateRoot);
}
