// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title What a guardian can stop
/// @notice An asset contract stops by itself when its guard says so, and goes on when its owner says so.
interface IPausable {
    /// @notice Nothing is sent or received any more.
    event Paused();
    /// @notice Sending and receiving go on.
    event Resumed();

    /// @notice Only the guard may take away.
    error NotGuard(address caller);

    /// @notice Whether sending and receiving are stopped.
    function paused() external view returns (bool);

    /// @notice Stops sending and receiving, never a refund. Guard only.
    /// @custom:throws NotGuard
    function pause() external;

    /// @notice Undoes {pause}. Owner only.
    function resume() external;
}
