// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {BlockHeader} from "../../libraries/BlockHeader.sol";
import {Packed} from "../../libraries/Packed.sol";

/// @title What an Arbitrum Nitro chain posts of a block
/// @notice A confirmed assertion puts `roots[send root] = L2 block hash` into the Outbox; the hash commits to the
/// header, and the header to the state. Source: `Outbox.updateSendRoot` of nitro-contracts 3.2.0.
library SendRoot {
    /// @notice The outbox holds another block for this send root, or none (zero): no assertion that says so is
    /// confirmed.
    error NotConfirmed(bytes32 sendRoot, bytes32 known, bytes32 expected);
    /// @notice The bridge pays nothing out for this outbox, so none of its roots is settled.
    error NotAllowed(address outbox);

    /// @notice Reads send root 32 ‖ length u16 ‖ L2 header (RLP) from the front of `data`.
    /// @custom:throws StateProof.InvalidProof
    function read(bytes calldata data)
        internal
        pure
        returns (bytes32 sendRoot, BlockHeader.Block memory block_, bytes calldata rest)
    {
        (sendRoot, rest) = Packed.word(data);
        uint256 size;
        (size, rest) = Packed.number(rest, 2);
        bytes calldata header;
        (header, rest) = Packed.take(rest, size);
        block_ = BlockHeader.read(header);
    }

    /// @notice Returns if the outbox holds this block for the send root.
    /// @custom:throws NotConfirmed
    function check(bytes32 sendRoot, bytes32 known, bytes32 expected) internal pure {
        if (known != expected) revert NotConfirmed(sendRoot, known, expected);
    }
}
