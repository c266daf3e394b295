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

    function allowsNoCode(bytes memory header) internal pure returns (bool) {
        return uint8(_word(header, 1) >> 248) & ALLOW_NO_CODE != 0;
    }

    function nonceOf(bytes memory header) internal pure returns (uint64) {
        return uint64(_word(header, 19) >> 192);
    }

    function senderOf(bytes memory header) internal pure returns (address) {
        return address(uint160(_word(header, 67) >> 96));
    }

    function recipientOf(bytes memory header) internal pure returns (address) {
        return address(uint160(_word(header, 87) >> 96));
    }

    function gasLimitOf(bytes memory header) internal pure returns (uint32) {
        return uint32(_word(header, 107) >> 224);
    }

    function expiryOf(bytes memory header) internal pure returns (uint64) {
        return uint64(_word(header, 111) >> 192);
    }

    function feeOf(bytes memory header) internal pure returns (uint96) {
        return uint96(_word(header, 119) >> 160);
    }

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
