// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IInbox} from "../interfaces/IInbox.sol";
import {Lane} from "../types/Lane.sol";
import {HEADER_SIZE, VERSION} from "../types/Message.sol";
import {LaneLog} from "./LaneLog.sol";

/// @title Reads a segment of a lane log, message by message
/// @notice Chapter 3 of the protocol. A delivery reads its segment twice with the same {read}: once to hash every byte
/// into the head, and, when that head is shown to be true, once more to call the recipients. The header stands in memory
/// once; a message overwrites only the fields it gives, so what is not given stays as in the message before.
///
/// Assembly here and in {RecipientCall} is what every message of a batch pays for: a plain reading of the same bytes
/// (`test/twins/PlainSegment.sol`) costs several times as much, and fuzzing compares the two.
library SegmentReader {
    /// @dev A segment being read.
    /// @param header Of the message read last: `bytes` of length 163
    /// @param payload Calldata position of the payload read last
    /// @param length Bytes of that payload
    /// @param next Calldata position of the message to read next
    /// @param nonce Its nonce
    /// @param base First word of every header of this lane, flags and nonce left zero
    /// @param body Calldata position of the first message
    /// @param first Nonce of the first message
    /// @param count Messages
    /// @param suffix Ids after the last message
    /// @param start Head before the first message
    struct Segment {
        bytes header;
        uint256 payload;
        uint256 length;
        uint256 next;
        uint256 nonce;
        uint256 base;
        uint256 body;
        uint256 first;
        uint256 count;
        uint256 suffix;
        bytes32 start;
    }

    /// @dev Bytes before the first message.
    uint256 internal constant PREFIX = 70;

    /// @dev Flags of a message on the wire.
    uint256 private constant GIVES_ALL = 0x0e;
    uint256 private constant MEANINGFUL = 0x0f;

    /// @dev Reads what stands before the messages. The lane's destination is the chain and contract that runs this.
    function open(bytes calldata segment) internal view returns (Segment memory s, Lane memory lane) {
        require(segment.length > PREFIX, IInbox.BadSegment(segment.length));
        lane.origin = uint64(bytes8(segment));
        lane.outbox = address(bytes20(segment[8:]));
        lane.destination = uint64(block.chainid);
        lane.inbox = address(this);
        lane.assurance = uint8(segment[28]);
        s.first = uint40(bytes5(segment[29:]));
        s.count = uint16(bytes2(segment[34:]));
        require(s.count != 0, IInbox.BadSegment(34));
        s.suffix = uint16(bytes2(segment[36:]));
        s.start = bytes32(segment[38:]);

        bytes memory header = abi.encodePacked(
            VERSION, uint8(0), lane.assurance, lane.origin, lane.destination, uint64(0), lane.outbox, lane.inbox
        );
        header = bytes.concat(header, new bytes(HEADER_SIZE - header.length));
        uint256 base;
        uint256 body;
        assembly ("memory-safe") {
            base := mload(add(header, 0x20))
            body := add(segment.offset, PREFIX)
        }
        s.header = header;
        s.base = base;
        s.body = body;
        rewind(s);
    }

    /// @dev Back to the first message.
    function rewind(Segment memory s) internal pure {
        s.next = s.body;
        s.nonce = s.first;
    }

    /// @dev Hashes the segment to its last byte.
    /// @param ids Room for the messages' ids, which are written there
    /// @return head The head that the segment shows, after `first + count + suffix` entries
    /// @return longest Bytes of the longest payload
    function chain(Segment memory s, bytes calldata segment, bytes32[] memory ids)
        internal
        pure
        returns (bytes32 head, uint256 longest)
    {
        head = s.start;
        uint256 missing = GIVES_ALL; // what the next message must give: all at first, nothing later
        for (uint256 i; i < ids.length; ++i) {
            uint256 begin = s.next;
            uint256 flag = read(s);
            if (flag > MEANINGFUL || missing & ~flag != 0) revert IInbox.BadSegment(_offset(segment, begin));
            missing = 0;
            bytes32 id = _hash(s);
            ids[i] = id;
            head = LaneLog.extend(head, id);
            if (s.length > longest) longest = s.length;
        }
        uint256 position = s.next;
        for (uint256 i = s.suffix; i != 0; --i) {
            bytes32 id;
            assembly ("memory-safe") {
                id := calldataload(position)
            }
            head = LaneLog.extend(head, id);
            position += 0x20;
        }
        // Reading past the end gives zeros and moves on: this one comparison finds a segment cut short, or too long.
        uint256 end = _offset(segment, position);
        require(end == segment.length, IInbox.BadSegment(end));
    }

    /// @dev Moves to the next message: its fields are in `s.header`, except the payload's hash.
    /// @return flag The message's flag byte
    function read(Segment memory s) internal pure returns (uint256 flag) {
        assembly ("memory-safe") {
            let header := add(mload(s), 0x20) // first byte of the header
            let p := mload(add(s, 0x60)) // s.next
            let nonce := mload(add(s, 0x80)) // s.nonce
            flag := byte(0, calldataload(p))
            p := add(p, 1)
            // version, flags, assurance, origin, destination, nonce and 5 bytes of the outbox are one word
            mstore(header, or(mload(add(s, 0xa0)), or(shl(240, and(flag, 1)), shl(40, nonce))))
            if and(flag, 2) {
                calldatacopy(add(header, 67), p, 20) // sender
                p := add(p, 20)
            }
            if and(flag, 4) {
                calldatacopy(add(header, 87), p, 20) // recipient
                p := add(p, 20)
            }
            if and(flag, 8) {
                calldatacopy(add(header, 107), p, 24) // gas limit, expiry, fee
                p := add(p, 24)
            }
            let length := shr(240, calldataload(p))
            p := add(p, 2)
            mstore(add(s, 0x20), p) // s.payload
            mstore(add(s, 0x40), length) // s.length
            mstore(add(s, 0x60), add(p, length)) // s.next: sums of positions below 2^24 or so, far from overflow
            mstore(add(s, 0x80), add(nonce, 1)) // s.nonce
        }
    }

    /// @dev Id of the message read last: hashes the payload into the header, and that.
    function _hash(Segment memory s) private pure returns (bytes32 id) {
        assembly ("memory-safe") {
            let header := add(mload(s), 0x20)
            let length := mload(add(s, 0x40))
            let scratch := mload(0x40) // beyond all that is allocated
            calldatacopy(scratch, mload(add(s, 0x20)), length)
            mstore(add(header, 131), keccak256(scratch, length))
            id := keccak256(header, HEADER_SIZE)
        }
    }

    function _offset(bytes calldata segment, uint256 position) private pure returns (uint256 offset) {
        assembly ("memory-safe") {
            offset := sub(position, segment.offset)
        }
    }
}
