// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Lane} from "../../src/types/Lane.sol";
import {Message} from "../../src/types/Message.sol";

/// @notice What travels, written the plain way from the protocol's text: the twin that the contracts' assembly is compared with.
library Wire {
    /// @dev A message with its payload.
    struct Parcel {
        Message message;
        bytes payload;
    }

    /// @dev An entry of a receipt log: `expired(id)`, or `delivered(...)` if the id is zero.
    struct Receipt {
        bytes32 id;
        uint40 page;
        uint256 bitmap;
        address payee;
        uint96 fees;
    }

    function lane(Lane memory l) internal pure returns (bytes memory) {
        return abi.encodePacked(l.origin, l.outbox, l.destination, l.inbox, l.assurance);
    }

    function header(Message memory m) internal pure returns (bytes memory) {
        bytes memory start = abi.encodePacked(uint8(1), m.flags, m.assurance, m.origin, m.destination, m.nonce);
        bytes memory ends = abi.encodePacked(m.outbox, m.inbox, m.sender, m.recipient);
        return abi.encodePacked(start, ends, m.gasLimit, m.expiry, m.fee, m.payloadHash);
    }

    /// @dev Chapter 3: messages with what they repeat left out, then the ids after them.
    function segment(Parcel[] memory parcels, bytes32 start, bytes32[] memory suffix)
        internal
        pure
        returns (bytes memory wire)
    {
        Message memory m = parcels[0].message;
        wire = abi.encodePacked(m.origin, m.outbox, m.assurance, uint40(m.nonce));
        wire = abi.encodePacked(wire, uint16(parcels.length), uint16(suffix.length), start);
        for (uint256 i; i < parcels.length; ++i) {
            Message memory before = i == 0 ? m : parcels[i - 1].message;
            wire = bytes.concat(wire, _message(parcels[i], before, i == 0));
        }
        wire = bytes.concat(wire, abi.encodePacked(suffix));
    }

    function entry(Receipt memory r) internal pure returns (bytes memory) {
        if (r.id != 0) return abi.encodePacked(uint8(0x82), r.id);
        return abi.encodePacked(uint8(0x81), r.page, r.bitmap, r.payee, r.fees);
    }

    /// @dev Chapter 6: what stands before the entries.
    function settlement(uint64 destination, uint8 assurance, uint40 first, uint16 count, bytes32 start)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(destination, assurance, first, count, start);
    }

    function unopened(Receipt memory r) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), keccak256(entry(r)));
    }

    /// @dev A delivered entry, in its shortest form, without what it shares with `before` (bitmap 0: none before).
    function deliveredEntry(Receipt memory r, Receipt memory before) internal pure returns (bytes memory) {
        bool whole = before.bitmap == 0;
        uint8 tag = 1;
        bytes memory body;
        if (whole || r.page != before.page) (tag, body) = (tag | 4, abi.encodePacked(r.page));
        if (whole || r.payee != before.payee) (tag, body) = (tag | 8, abi.encodePacked(body, r.payee));
        if (whole || r.fees != before.fees) (tag, body) = (tag | 16, abi.encodePacked(body, r.fees));
        (uint8 first, uint8 last) = (_lowest(r.bitmap), _highest(r.bitmap));
        if (first == last) return abi.encodePacked(tag | 0x20, body, first);
        if (_isRun(r.bitmap, first, last)) return abi.encodePacked(tag | 0x40, body, first, last);
        return abi.encodePacked(tag, body, r.bitmap);
    }

    /// @dev An expired entry with what shows its message on the origin's log.
    function expiredEntry(Message memory m, bytes32 start, bytes32[] memory later)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(uint8(2), header(m), start, uint8(later.length), abi.encodePacked(later));
    }

    function _message(Parcel memory parcel, Message memory before, bool isFirst) private pure returns (bytes memory) {
        Message memory m = parcel.message;
        uint8 flag = m.flags;
        bytes memory given;
        if (isFirst || m.sender != before.sender) (flag, given) = (flag | 2, abi.encodePacked(m.sender));
        if (isFirst || m.recipient != before.recipient) {
            (flag, given) = (flag | 4, abi.encodePacked(given, m.recipient));
        }
        if (isFirst || m.gasLimit != before.gasLimit || m.expiry != before.expiry || m.fee != before.fee) {
            (flag, given) = (flag | 8, abi.encodePacked(given, m.gasLimit, m.expiry, m.fee));
        }
        return abi.encodePacked(flag, given, uint16(parcel.payload.length), parcel.payload);
    }

    function _lowest(uint256 bitmap) private pure returns (uint8 index) {
        while (bitmap >> index & 1 == 0) ++index;
    }

    function _highest(uint256 bitmap) private pure returns (uint8 index) {
        index = 255;
        while (bitmap >> index & 1 == 0) --index;
    }

    function _isRun(uint256 bitmap, uint8 first, uint8 last) private pure returns (bool) {
        for (uint256 i = first; i <= last; ++i) {
            if (bitmap >> i & 1 == 0) return false;
        }
        return true;
    }
}
