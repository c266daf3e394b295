// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../../interfaces/ICheckpoints.sol";

/// @notice Predeploy of every OP-Stack chain; the chain's node writes the newest L1 block into it at the start of each
/// block.
interface IL1Block {
    function number() external view returns (uint64);
    function hash() external view returns (bytes32);
}

/// @title L1 blocks that an OP-Stack chain has seen
/// @notice See {ICheckpoints}. Trusts nobody: `L1Block` is part of the chain's own derivation.
contract Checkpoints is ICheckpoints {
    /// @notice This chain has not seen a block of its anchor yet.
    error NothingSeen();

    IL1Block internal constant L1_BLOCK = IL1Block(0x4200000000000000000000000000000000000015);

    /// @inheritdoc ICheckpoints
    mapping(uint64 number => bytes32 hash) public hashOf;

    /// @notice Keeps the newest block of the anchor that this chain has seen. It sees that one only, so without this a
    /// proof would be stale with the next. Anyone may.
    /// @custom:throws NothingSeen
    function checkpoint() external returns (uint64 number, bytes32 hash) {
        number = L1_BLOCK.number();
        hash = L1_BLOCK.hash();
        if (hash == 0) revert NothingSeen();
        hashOf[number] = hash;
        emit Checkpointed(number, hash);
    }

    /// @inheritdoc ICheckpoints
    function isKnown(uint64 number, bytes32 hash) external view returns (bool) {
        if (hash == 0) return false;
        return hashOf[number] == hash || (L1_BLOCK.number() == number && L1_BLOCK.hash() == hash);
    }
}
