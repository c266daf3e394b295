// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title What this chain knows of its anchor's blocks
/// @notice Proofs through L1 begin at a hash of an L1 block that is kept here, so that they do not go stale with the
/// next block. How a hash comes here is each chain's own: an OP-Stack chain sees L1 by itself
/// (op_stack/Checkpoints.sol), to others L1 sends it (SentCheckpoints.sol). Trusts nobody but the chain's own
/// derivation: when the anchor reorganises, this chain does too, and takes its checkpoints along.
interface ICheckpoints {
    /// @notice Block `number` of the anchor has this hash.
    event Checkpointed(uint64 indexed number, bytes32 hash);

    /// @notice Whether block `number` of the anchor has this hash, as kept, or as seen right now. Never for hash zero.
    function isKnown(uint64 number, bytes32 hash) external view returns (bool);

    /// @notice Hash kept for a block of the anchor; zero if none.
    function hashOf(uint64 number) external view returns (bytes32 hash);
}
