// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IInbox} from "../interfaces/IInbox.sol";
import {Lane} from "../types/Lane.sol";
import {HEADER_SIZE} from "../types/Message.sol";
import {LaneLog} from "./LaneLog.sol";

/// @title Reads a segment of a lane log, message by message
/// @notice Chapter 3 of the protocol. A delivery reads its segment twice with the same {read}: once to hash every byte
/// into the head, and, when that head is shown to be true, once more to call the recipients. The header stands in memory
/// once; a message overwrites only the fields it gives, so what is not given stays as in the message before.
///
/// The assembly here and in {RecipientCall} is what every message of a batch pays for: written with slices and
/// `abi.encodePacked` (as `test/core/PlainReader.sol` is, which fuzzing compares) a message costs 2,000 gas more.
library SegmentReader {
    /// @dev A segment, and what it fixes for all its messages.
    /// @param lane The lane it is of; this chain and contract are its destination
    /// @param header Of the message read last: `bytes` of length 163
    /// @param word First word of the header of the first message, its flags left zero
    /// @param body Calldata position of the first message
    /// @param first Nonce of the first message
    /// @param count Messages
    /// @param suffix Ids after the last message
    struct Segment {
        Lane lane;
        bytes header;
        uint256 word;
        uint256 body;
        uint256 first;
        uint256 count;
        uint256 suffix;
    }

    /// @dev Bytes before the first message.
    uint256 internal constant PREFIX = 70;
    /// @dev From a header's first word to that of the next nonce: the nonce ends 40 bits above the word's end.
    uint256 internal constant NEXT_NONCE = 1 << 40;

    /// @dev Flags of a message on the wire: sender, recipient and terms given; all bits that mean something.
    uint256 private constant GIVES_ALL = 0x0e;
    uint256 private constant MEANINGFUL = 0x0f;

    /// @dev Reads what stands before the messages.
    function open(bytes calldata segment) internal view returns (Segment memory s) {
        if (segment.length <= PREFIX) revert IInbox.BadSegment(segment.length);
        Lane memory lane = s.lane;
        bytes memory header = new bytes(HEADER_SIZE);
        assembly ("memory-safe") {
            let w := calldataload(segment.offset) // origin 8 ‖ outbox 20 ‖ 4 bytes of no use here
            let from := shr(192, w)
            let outbox := shr(96, shl(64, w))
            w := calldataload(add(segment.offset, 28)) // class 1 ‖ first 5 ‖ count 2 ‖ suffix 2 ‖ 22 bytes of the start
            let assurance := byte(0, w)
            let first := and(shr(208, w), 0xffffffffff)

            mstore(lane, from)
            mstore(add(lane, 0x20), outbox)
            mstore(add(lane, 0x40), chainid())
            mstore(add(lane, 0x60), address())
            mstore(add(lane, 0x80), assurance)

            // version 1 ‖ flags 1 ‖ class 1 ‖ origin 8 ‖ destination 8 ‖ nonce 8 ‖ first 5 bytes of the outbox
            let word := or(or(shl(248, 1), shl(232, assurance)), or(shl(168, from), shl(104, chainid())))
            word := or(word, or(shl(40, first), shr(120, outbox)))
            mstore(add(header, 0x3b), shl(96, outbox)) // at 27: its first 5 bytes are written again with the word
            mstore(add(header, 0x4f), shl(96, address())) // at 47: inbox

            mstore(add(s, 0x40), word)
            mstore(add(s, 0x60), add(segment.offset, PREFIX))
            mstore(add(s, 0x80), first)
            mstore(add(s, 0xa0), and(shr(192, w), 0xffff)) // count
            mstore(add(s, 0xc0), and(shr(176, w), 0xffff)) // suffix
        }
        s.header = header;
        if (s.count == 0) revert IInbox.BadSegment(34);
    }

    /// @dev Entries up to the head that the segment shows.
    function end(Segment memory s) internal pure returns (uint64) {
        unchecked {
            return uint64(s.first + s.count + s.suffix); // of 40, 16 and 16 bits
        }
    }

    /// @dev Hashes the segment to its last byte.
    /// @return ids Of its messages
    /// @return head What the segment shows: the head after {end} entries
    /// @return longest Bytes of the longest payload
    function chain(Segment memory s, bytes calldata segment)
        internal
        pure
        returns (bytes32[] memory ids, bytes32 head, uint256 longest)
    {
        ids = new bytes32[](s.count);
        bytes memory header = s.header;
        uint256 word = s.word;
        uint256 position = s.body;
        uint256 given;
        assembly ("memory-safe") {
            head := calldataload(add(segment.offset, 38))
            given := and(byte(0, calldataload(position)), GIVES_ALL)
        }
        if (given != GIVES_ALL) revert IInbox.BadSegment(PREFIX); // the first message gives all
        for (uint256 i = 0; i < ids.length;) {
            (uint256 flag, uint256 payload, uint256 length) = read(header, word, position);
            if (flag > MEANINGFUL) revert IInbox.BadSegment(_offset(segment, position));
            // Positions move by less than 2^17 in each of fewer than 2^16 steps, so no sum below overflows.
            assembly ("memory-safe") {
                let scratch := mload(0x40) // beyond all that is allocated
                calldatacopy(scratch, payload, length)
                mstore(add(header, 0xa3), keccak256(scratch, length)) // at 131: payload hash
                let id := keccak256(add(header, 0x20), HEADER_SIZE)
                i := add(i, 1)
                mstore(add(ids, shl(5, i)), id) // ids[i - 1]: the array's length stands first
                mstore(0x00, head)
                mstore(0x20, id)
                head := keccak256(0x00, 0x40)
                if gt(length, longest) { longest := length }
                position := add(payload, length)
                word := add(word, NEXT_NONCE)
            }
        }
        for (uint256 i = s.suffix; i != 0; --i) {
            bytes32 id;
            assembly ("memory-safe") {
                id := calldataload(position)
                position := add(position, 0x20)
            }
            head = LaneLog.extend(head, id);
        }
        // Reading past the end gives zeros and moves on: this one comparison finds a segment cut short, or too long.
        uint256 stop = _offset(segment, position);
        if (stop != segment.length) revert IInbox.BadSegment(stop);
    }

    /// @dev Reads the message at calldata position `position` into `header`, all but the payload's hash.
    /// @param word First word of the header, flags zero
    /// @return flag The message's flag byte
    /// @return payload Calldata position of its payload; the next message is `length` bytes after it
    /// @return length Bytes of the payload
    function read(bytes memory header, uint256 word, uint256 position)
        internal
        pure
        returns (uint256 flag, uint256 payload, uint256 length)
    {
        assembly ("memory-safe") {
            let bytes_ := add(header, 0x20)
            flag := byte(0, calldataload(position))
            mstore(bytes_, or(word, shl(240, and(flag, 1))))
            payload := add(position, 1)
            if and(flag, GIVES_ALL) {
                if and(flag, 2) {
                    calldatacopy(add(bytes_, 67), payload, 20) // sender
                    payload := add(payload, 20)
                }
                if and(flag, 4) {
                    calldatacopy(add(bytes_, 87), payload, 20) // recipient
                    payload := add(payload, 20)
                }
                if and(flag, 8) {
                    calldatacopy(add(bytes_, 107), payload, 24) // gas limit, expiry, fee
                    payload := add(payload, 24)
                }
            }
            length := shr(240, calldataload(payload))
            payload := add(payload, 2)
        }
    }

    function _offset(bytes calldata segment, uint256 position) private pure returns (uint256 offset) {
        assembly ("memory-safe") {
            offset := sub(position, segment.offset)
        }
    }
}
