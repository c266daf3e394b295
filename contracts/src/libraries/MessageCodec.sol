// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Lane} from "../types/Lane.sol";
import {ALLOW_NO_CODE, HEADER_SIZE, VERSION} from "../types/Message.sol";

/// @title Fields of a message header that stands in memory
/// @notice A header is `bytes` of length 163; each getter is one read at the field's offset (chapter 1 of the protocol).
/// Getters do not check: a header comes from {load}, or was written field by field by {SegmentReader}.
library MessageCodec {
    /// @dev Copies a header to memory.
    /// @return valid Whether it has 163 bytes, version 1 and no flag without meaning
    function load(bytes calldata encoded) internal pure returns (bool valid, bytes memory header) {
        header = encoded;
        valid = header.length == HEADER_SIZE && uint8(header[0]) == VERSION && uint8(header[1]) <= ALLOW_NO_CODE;
    }

    /// @dev The message id.
    function idOf(bytes memory header) internal pure returns (bytes32) {
        return keccak256(header);
    }

    /// @dev The lane the message travels.
    function laneOf(bytes memory header) internal pure returns (Lane memory lane) {
        lane.assurance = uint8(_word(header, 2) >> 248);
        lane.origin = uint64(_word(header, 3) >> 192);
        lane.destination = uint64(_word(header, 11) >> 192);
        lane.outbox = address(uint160(_word(header, 27) >> 96));
        lane.inbox = address(uint160(_word(header, 47) >> 96));
    }

    /// @dev Recipient, gas limit and expiry: one word of the header.
    function termsOf(bytes memory header) internal pure returns (address recipient, uint256 gasLimit, uint256 expiry) {
        assembly ("memory-safe") {
            let word := mload(add(header, 0x77)) // at 87: recipient 20 ‖ gas limit 4 ‖ expiry 8
            recipient := shr(96, word)
            gasLimit := and(shr(64, word), 0xffffffff)
            expiry := and(word, 0xffffffffffffffff)
        }
    }

    /// @dev Place in the lane.
    function nonceOf(bytes memory header) internal pure returns (uint64) {
        return uint64(_word(header, 19) >> 192);
    }

    /// @dev Who sent it.
    function senderOf(bytes memory header) internal pure returns (address) {
        return address(uint160(_word(header, 67) >> 96));
    }

    /// @dev Wei escrowed with it.
    function feeOf(bytes memory header) internal pure returns (uint256 fee) {
        assembly ("memory-safe") {
            fee := shr(160, mload(add(header, 0x97))) // at 119
        }
    }

    /// @dev keccak256 of its payload.
    function payloadHashOf(bytes memory header) internal pure returns (bytes32) {
        return bytes32(_word(header, 131));
    }

    /// @dev 32 bytes of the header from `offset` on; what lies past its end is shifted away by the getters.
    function _word(bytes memory header, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(header, 0x20), offset))
        }
    }
}
