// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IOutbox} from "../interfaces/IOutbox.sol";
import {HEADER_SIZE} from "../types/Message.sol";
import {LaneLog} from "./LaneLog.sol";
import {Receipts} from "./Receipts.sol";

/// @title Reads a segment of a receipt log, entry by entry
/// @notice Chapter 6 of the protocol. Each entry is unpacked to what the destination hashed, and hashed into the head; what
/// an entry does not give is as in the `delivered` entry before.
library ReceiptReader {
    /// @dev A segment being read.
    /// @param next Calldata position of what is read next (first: {_take} knows its place)
    /// @param head Head after the entries read so far
    /// @param page Page, payee, fees and bitmap of the `delivered` entry read last
    /// @param missing Which of page, payee and fees no entry has given yet
    struct Segment {
        uint256 next;
        bytes32 head;
        uint64 destination;
        uint8 assurance;
        uint64 first;
        uint256 count;
        uint256 page;
        address payee;
        uint256 fees;
        uint256 bitmap;
        uint256 missing;
    }

    /// @dev An entry left as its hash, and the two kinds.
    uint256 internal constant UNOPENED = 0;
    uint256 internal constant DELIVERED = 1;
    uint256 internal constant EXPIRED = 2;

    /// @dev Bits of a delivered entry's tag above the kind.
    uint256 private constant GIVES_PAGE = 0x04;
    uint256 private constant GIVES_PAYEE = 0x08;
    uint256 private constant GIVES_FEES = 0x10;
    uint256 private constant GIVES_ALL = 0x1c;

    /// @dev Reads what stands before the entries.
    function open(bytes calldata segment) internal pure returns (Segment memory s) {
        uint256 next;
        assembly ("memory-safe") {
            next := segment.offset
        }
        s.next = next;
        s.destination = uint64(_take(s, 8));
        s.assurance = uint8(_take(s, 1));
        s.first = uint64(_take(s, 5));
        s.count = _take(s, 2);
        s.head = bytes32(_take(s, 32));
        s.missing = GIVES_ALL;
        require(s.count != 0, IOutbox.BadSegment(14));
    }

    /// @dev Moves past the next entry, but for an expired one only past its tag: {expired} reads on.
    /// @return kind UNOPENED, DELIVERED (see `s.page` and what follows) or EXPIRED
    function read(Segment memory s, bytes calldata segment) internal pure returns (uint256 kind) {
        uint256 tag = _take(s, 1);
        if (tag == UNOPENED) {
            s.head = LaneLog.extend(s.head, bytes32(_take(s, 32)));
            return UNOPENED;
        }
        if (tag == EXPIRED) return EXPIRED;

        if (tag & GIVES_ALL != 0) _readGiven(s, tag);
        uint256 bitmap = _bitmap(s, tag >> 5);
        // kind 1 and bit 7 zero; something in the bitmap; and every field given by now
        if (tag & 0x83 != DELIVERED || bitmap == 0 || s.missing != 0) revert IOutbox.BadSegment(offset(s, segment));
        s.bitmap = bitmap;
        s.head = LaneLog.extend(s.head, Receipts.delivered(uint40(s.page), bitmap, s.payee, uint96(s.fees)));
        return DELIVERED;
    }

    /// @dev Reads the rest of an expired entry.
    /// @return header The expired message's header, unchecked but for what follows from `id` and `tip`
    /// @return id Its id
    /// @return tip Head of the origin's own lane log after the message and the ids that follow it
    function expired(Segment memory s) internal pure returns (bytes memory header, bytes32 id, bytes32 tip) {
        header = new bytes(HEADER_SIZE);
        uint256 next = s.next;
        assembly ("memory-safe") {
            calldatacopy(add(header, 0x20), next, HEADER_SIZE)
        }
        s.next = next + HEADER_SIZE;
        id = keccak256(header);
        s.head = LaneLog.extend(s.head, Receipts.expired(id));
        tip = LaneLog.extend(bytes32(_take(s, 32)), id);
        for (uint256 n = _take(s, 1); n != 0; --n) {
            tip = LaneLog.extend(tip, bytes32(_take(s, 32)));
        }
    }

    /// @dev Bytes read so far. Reading past the end gives zeros and moves on, so that comparing this with the length after
    /// the last entry finds a segment cut short, or too long.
    function offset(Segment memory s, bytes calldata segment) internal pure returns (uint256 read_) {
        uint256 next = s.next;
        assembly ("memory-safe") {
            read_ := sub(next, segment.offset)
        }
    }

    /// @dev Reads the fields that a delivered entry gives.
    function _readGiven(Segment memory s, uint256 tag) private pure {
        if (tag & GIVES_PAGE != 0) s.page = _take(s, 5);
        if (tag & GIVES_PAYEE != 0) s.payee = address(uint160(_take(s, 20)));
        if (tag & GIVES_FEES != 0) s.fees = _take(s, 12);
        s.missing &= ~tag;
    }

    /// @dev Forms: 0 a whole word; 1 one nonce; 2 a run, first and last included. Zero for what is none of these.
    function _bitmap(Segment memory s, uint256 form) private pure returns (uint256) {
        if (form == 1) return 1 << _take(s, 1);
        if (form == 0) return _take(s, 32);
        uint256 first = _take(s, 1);
        uint256 last = _take(s, 1);
        if (form > 2 || first > last) return 0;
        return (type(uint256).max >> (255 - (last - first))) << first;
    }

    /// @dev The next `size` bytes as a number, 1 to 32.
    function _take(Segment memory s, uint256 size) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            let p := mload(s) // s.next
            value := shr(sub(256, shl(3, size)), calldataload(p))
            mstore(s, add(p, size))
        }
    }
}
