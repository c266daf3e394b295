// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Lane} from "../../src/types/Lane.sol";
import {Message} from "../../src/types/Message.sol";
import {Wire} from "./Wire.sol";

/// @notice Reads both segments from the protocol's text by slices, which revert past the end: the twin of the readers in assembly.
contract PlainReader {
    error Malformed();

    function messages(bytes calldata wire)
        external
        view
        returns (bytes32 log, bytes32 head, bytes32[] memory ids, bytes memory lastHeader)
    {
        Lane memory lane;
        (lane.origin, lane.outbox) = (uint64(bytes8(wire[0:8])), address(bytes20(wire[8:28])));
        (lane.destination, lane.inbox) = (uint64(block.chainid), msg.sender);
        lane.assurance = uint8(wire[28]);
        log = keccak256(bytes.concat("xl2.lane.v1", Wire.lane(lane)));
        uint256 first = uint40(bytes5(wire[29:34]));
        ids = new bytes32[](uint16(bytes2(wire[34:36])));
        require(ids.length != 0, Malformed());
        head = bytes32(wire[38:70]);

        uint256 offset = 70;
        Message memory m;
        (m.assurance, m.origin, m.outbox) = (lane.assurance, lane.origin, lane.outbox);
        (m.destination, m.inbox) = (lane.destination, lane.inbox);
        for (uint256 i; i < ids.length; ++i) {
            m.nonce = uint64(first + i);
            offset = _message(wire, offset, m, i == 0);
            lastHeader = Wire.header(m);
            ids[i] = keccak256(lastHeader);
            head = keccak256(bytes.concat(head, ids[i]));
        }
        for (uint256 i = uint16(bytes2(wire[36:38])); i != 0; --i) {
            head = keccak256(bytes.concat(head, wire[offset:offset + 32]));
            offset += 32;
        }
        require(offset == wire.length, Malformed());
    }

    function receipts(bytes calldata wire) external pure returns (bytes32 head, bytes32 entries) {
        uint256 count = uint16(bytes2(wire[14:16]));
        require(count != 0, Malformed());
        head = bytes32(wire[16:48]);
        uint256 offset = 48;
        Wire.Receipt memory r;
        bool known;
        for (uint256 i; i < count; ++i) {
            uint8 tag = uint8(wire[offset]);
            bytes32 entry;
            if (tag == 0) {
                entry = bytes32(wire[offset + 1:offset + 33]);
                offset += 33;
            } else if (tag == 2) {
                bytes32 id = keccak256(wire[offset + 1:offset + 164]);
                entry = keccak256(abi.encodePacked(uint8(0x82), id));
                uint256 end = offset + 197 + 32 * uint256(uint8(wire[offset + 196]));
                require(end <= wire.length, Malformed());
                offset = end;
            } else {
                offset = _delivered(wire, offset, r, known);
                known = true;
                entry = keccak256(Wire.entry(r));
                entries = keccak256(bytes.concat(entries, Wire.entry(r)));
            }
            head = keccak256(bytes.concat(head, entry));
        }
        require(offset == wire.length, Malformed());
    }

    function _message(bytes calldata wire, uint256 offset, Message memory m, bool isFirst)
        private
        pure
        returns (uint256)
    {
        uint8 flag = uint8(wire[offset++]);
        require(flag < 16 && (!isFirst || flag & 14 == 14), Malformed());
        m.flags = flag & 1;
        if (flag & 2 != 0) {
            m.sender = address(bytes20(wire[offset:offset + 20]));
            offset += 20;
        }
        if (flag & 4 != 0) {
            m.recipient = address(bytes20(wire[offset:offset + 20]));
            offset += 20;
        }
        if (flag & 8 != 0) {
            m.gasLimit = uint32(bytes4(wire[offset:offset + 4]));
            m.expiry = uint64(bytes8(wire[offset + 4:offset + 12]));
            m.fee = uint96(bytes12(wire[offset + 12:offset + 24]));
            offset += 24;
        }
        uint256 length = uint16(bytes2(wire[offset:offset + 2]));
        m.payloadHash = keccak256(wire[offset + 2:offset + 2 + length]);
        return offset + 2 + length;
    }

    function _delivered(bytes calldata wire, uint256 offset, Wire.Receipt memory r, bool known)
        private
        pure
        returns (uint256)
    {
        uint8 tag = uint8(wire[offset++]);
        require(tag & 0x83 == 1 && (known || tag & 0x1c == 0x1c), Malformed());
        if (tag & 4 != 0) {
            r.page = uint40(bytes5(wire[offset:offset + 5]));
            offset += 5;
        }
        if (tag & 8 != 0) {
            r.payee = address(bytes20(wire[offset:offset + 20]));
            offset += 20;
        }
        if (tag & 16 != 0) {
            r.fees = uint96(bytes12(wire[offset:offset + 12]));
            offset += 12;
        }
        uint8 form = tag >> 5;
        require(form < 3, Malformed());
        if (form == 0) {
            r.bitmap = uint256(bytes32(wire[offset:offset + 32]));
            require(r.bitmap != 0, Malformed());
            return offset + 32;
        }
        uint8 first = uint8(wire[offset]);
        uint8 last = form == 1 ? first : uint8(wire[offset + 1]);
        require(first <= last, Malformed());
        r.bitmap = 0;
        for (uint256 i = first; i <= last; ++i) {
            r.bitmap |= 1 << i;
        }
        return offset + form;
    }
}
