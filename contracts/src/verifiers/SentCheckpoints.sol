// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {L1Alias} from "../libraries/L1Alias.sol";

/// @title L1 blocks that L1 itself has told this chain
/// @notice See {ICheckpoints}. For chains whose own view of L1 has no hashes (Arbitrum, ZK Stack): {AnchorBlocks} on L1
/// sends them, and a deposit carries its sender. Trusts nobody: deposits are part of the chain's own derivation, and
/// what {AnchorBlocks} says is what the EVM on L1 told it.
/// @custom:invariant Only a deposit by {AnchorBlocks} adds a hash.
contract SentCheckpoints is ICheckpoints {
    /// @notice Only {AnchorBlocks} speaks here, and it speaks as `expected`.
    error NotAnchorBlocks(address caller, address expected);
    /// @notice No block has the hash zero.
    error ZeroHash(uint64 number);

    /// @notice {AnchorBlocks} as a sender of deposits here: its L1 address + 0x1111000000000000000000000000000000001111.
    address public immutable anchorBlocks;

    /// @inheritdoc ICheckpoints
    mapping(uint64 number => bytes32 hash) public hashOf;

    /// @param l1AnchorBlocks {AnchorBlocks}, by its address on L1
    constructor(address l1AnchorBlocks) {
        anchorBlocks = L1Alias.speaker(l1AnchorBlocks);
    }

    /// @notice Keeps a block of the anchor. A number that comes again overwrites: after a reorganisation of the anchor
    /// the later word is the true one.
    /// @custom:throws NotAnchorBlocks, ZeroHash
    function accept(uint64 number, bytes32 hash) external {
        if (msg.sender != anchorBlocks) revert NotAnchorBlocks(msg.sender, anchorBlocks);
        if (hash == 0) revert ZeroHash(number);
        hashOf[number] = hash;
        emit Checkpointed(number, hash);
    }

    /// @inheritdoc ICheckpoints
    function isKnown(uint64 number, bytes32 hash) external view returns (bool) {
        return hash != 0 && hashOf[number] == hash;
    }
}
