// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ALLOW_NO_CODE, HEADER_SIZE, Message, VERSION} from "../types/Message.sol";

/// @title Reads a message's header, strictly
library MessageCodec {
    /// @dev The header is not 163 bytes, not version 1, or has a flag without meaning.
    error BadHeader();

    /// @dev Header bytes to fields. What is read packs to the same bytes again, so its id is keccak256(header).
    function decode(bytes calldata header) internal pure returns (Message memory m) {
        require(header.length == HEADER_SIZE && uint8(header[0]) == VERSION, BadHeader());
        m.flags = uint8(header[1]);
        require(m.flags <= ALLOW_NO_CODE, BadHeader());
        m.assurance = uint8(header[2]);
        m.origin = uint64(bytes8(header[3:]));
        m.destination = uint64(bytes8(header[11:]));
        m.nonce = uint64(bytes8(header[19:]));
        m.outbox = address(bytes20(header[27:]));
        m.inbox = address(bytes20(header[47:]));
        m.sender = address(bytes20(header[67:]));
        m.recipient = address(bytes20(header[87:]));
        m.gasLimit = uint32(bytes4(header[107:]));
        m.expiry = uint64(bytes8(header[111:]));
        m.fee = uint96(bytes12(header[119:]));
        m.payloadHash = bytes32(header[131:]);
    }
}
