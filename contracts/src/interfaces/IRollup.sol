// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title A rollup, as its anchor sees it
/// @notice What the {IRouter} asks on L1: which state root is settled, told by the rollup's own contracts, and which
/// call carries a message to it. One contract for each rollup.
interface IRollup {
    /// @notice The state root that the rollup's contracts hold to be settled now, by their own rule for withdrawals.
    /// @param claim Names it, as the family packs it (chapter 7 of the protocol)
    /// @return number Block of the rollup
    /// @return stateRoot State root of that block
    function settled(bytes calldata claim) external view returns (uint64 number, bytes32 stateRoot);

    /// @notice The call that makes the rollup's canonical bridge call `target` with `data`. It must come from the
    /// router itself: whoever makes it is, aliased, the sender there.
    /// @param gasLimit Gas for the call on the rollup
    /// @return bridge Contract to call on the anchor
    /// @return value wei to send along
    /// @return call Its calldata
    function deposit(address target, uint64 gasLimit, bytes calldata data)
        external
        view
        returns (address bridge, uint256 value, bytes memory call);
}
