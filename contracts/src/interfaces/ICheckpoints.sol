// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title What this chain knows of its anchor's blocks
/// @notice A chain sees the newest block of its anchor only; {checkpoint} keeps it, so that a proof under that block
/// does not go stale with the next one. Anyone may. Nothing here is older or newer than the chain's own view: when the
/// anchor reorganises, this chain does too, and takes its checkpoints along.
interface ICheckpoints {
    /// @notice Block `number` of the anchor has this hash.
    event Checkpointed(uint64 indexed number, bytes32 hash);

    /// @notice This chain has not seen a block of its anchor yet.
    error NothingSeen();

    /// @notice Keeps the newest block of the anchor that this chain has seen.
    /// @custom:throws NothingSeen
    function checkpoint() external returns (uint64 number, bytes32 hash);

    /// @notice Whether block `number` of the anchor has this hash, as kept, or as seen right now. Never for hash zero.
    function isKnown(uint64 number, bytes32 hash) external view returns (bool);

    /// @notice Hash kept for a block of the anchor; zero if none.
    function hashOf(uint64 number) external view returns (bytes32 hash);
}
