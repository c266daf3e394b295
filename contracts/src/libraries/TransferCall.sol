// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";

import {SETTLED} from "../types/Assurance.sol";
import {DEFAULT_GAS_LIMIT} from "../types/Message.sol";

/// @title The one call with which a token bridge sends
/// @notice `sendMessage(recipient, abi.encode(from, to, amount), attributes)` of the Outbox. All but the two ERC-7930 addresses
/// is of known size, so its calldata is written once, word by word: the compiler copies nested byte strings several
/// times over, which costs a transfer 1,600 gas more. A test compares this with the compiler's encoding.
library TransferCall {
    /// @dev An account, and what it is told.
    /// @param recipient The counterpart, ERC-7930, at most 64 bytes
    /// @param from Whose tokens they were, ERC-7930, at most 64 bytes
    struct Transfer {
        bytes recipient;
        bytes from;
        address to;
        uint256 amount;
        uint64 expiry;
        uint8 assurance;
        uint32 gasLimit;
    }

    /// @dev Makes the call, with all wei that came with the transfer. The outbox's error is passed on.
    /// @return id What the outbox returned: it is a contract, and ours, or the bridge would not be
    function send(Transfer memory t, address outbox) internal returns (bytes32 id) {
        bytes memory data = encode(t);
        assembly ("memory-safe") {
            if iszero(call(gas(), outbox, callvalue(), add(data, 0x20), mload(data), 0x00, 0x20)) {
                let reason := mload(0x40)
                returndatacopy(reason, 0x00, returndatasize())
                revert(reason, returndatasize())
            }
            id := mload(0x00)
        }
    }

    /// @dev The call's data. Of the attributes, only what differs from the Outbox's defaults is said.
    function encode(Transfer memory t) internal pure returns (bytes memory data) {
        bytes32 sendMessage = IERC7786GatewaySource.sendMessage.selector;
        bytes32 expiry = bytes4(keccak256("expiry(uint64)"));
        bytes32 assurance = t.assurance == SETTLED ? bytes32(0) : bytes32(bytes4(keccak256("assurance(uint8)")));
        bytes32 gasLimit = t.gasLimit == DEFAULT_GAS_LIMIT ? bytes32(0) : bytes32(bytes4(keccak256("gasLimit(uint32)")));

        assembly ("memory-safe") {
            // Writes a byte string of 1 to 64 bytes, padded with zeros, and returns where it ends.
            function text(p, source) -> end {
                let length := mload(source)
                mstore(p, length)
                end := add(p, add(0x20, and(add(length, 0x1f), not(0x1f))))
                mstore(sub(end, 0x20), 0) // the last word first: what is copied before it may reach into it
                mcopy(add(p, 0x20), add(source, 0x20), length)
            }
            // Writes an attribute, selector and one word, if there is one, and its offset; returns where both end.
            function attribute(offsets, p, selector, value) -> offset, end {
                offset := offsets
                end := p
                if selector {
                    mstore(offsets, sub(p, mload(0x00))) // counted from the first offset, which stands in scratch
                    mstore(p, 36)
                    mstore(add(p, 0x20), or(selector, shr(32, value)))
                    mstore(add(p, 0x40), shl(224, value))
                    offset := add(offsets, 0x20)
                    end := add(p, 0x60)
                }
            }

            data := mload(0x40)
            mstore(add(data, 0x20), sendMessage)
            let head := add(data, 0x24)
            mstore(head, 0x60)

            let p := text(add(head, 0x60), mload(t))
            mstore(add(head, 0x20), sub(p, head))
            let payload := add(p, 0x20)
            mstore(payload, 0x60)
            mstore(add(payload, 0x40), mload(add(t, 0x60))) // amount
            let to := text(add(payload, 0x60), mload(add(t, 0x20))) // from
            mstore(add(payload, 0x20), sub(to, payload))
            mstore(to, 20)
            mstore(add(to, 0x20), shl(96, mload(add(t, 0x40))))
            mstore(p, sub(add(to, 0x40), payload)) // length of the payload

            p := add(to, 0x40)
            mstore(add(head, 0x40), sub(p, head))
            let count := add(1, add(iszero(iszero(assurance)), iszero(iszero(gasLimit))))
            mstore(p, count)
            let offsets := add(p, 0x20)
            mstore(0x00, offsets)
            p := add(offsets, shl(5, count))
            offsets, p := attribute(offsets, p, expiry, mload(add(t, 0x80)))
            offsets, p := attribute(offsets, p, assurance, mload(add(t, 0xa0)))
            offsets, p := attribute(offsets, p, gasLimit, mload(add(t, 0xc0)))

            mstore(data, sub(p, add(data, 0x20)))
            mstore(0x40, and(add(p, 0x1f), not(0x1f)))
        }
    }
}
