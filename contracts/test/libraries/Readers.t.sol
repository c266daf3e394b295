// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IInbox} from "../../src/interfaces/IInbox.sol";
import {IOutbox} from "../../src/interfaces/IOutbox.sol";
import {MessageCodec} from "../../src/libraries/MessageCodec.sol";
import {ReceiptReader} from "../../src/libraries/ReceiptReader.sol";
import {Receipts} from "../../src/libraries/Receipts.sol";
import {RecipientCall} from "../../src/libraries/RecipientCall.sol";
import {SegmentReader} from "../../src/libraries/SegmentReader.sol";
import {Lane} from "../../src/types/Lane.sol";
import {Message} from "../../src/types/Message.sol";
import {PlainReader} from "../core/PlainReader.sol";
import {Wire} from "../core/Wire.sol";

/// @notice Whatever is in assembly, against the plain twin: on what is well formed, and on the same bytes bent.
contract ReadersTest is Test {
    using MessageCodec for bytes;
    using ReceiptReader for ReceiptReader.Segment;
    using SegmentReader for SegmentReader.Segment;

    PlainReader private twin;

    function setUp() public {
        twin = new PlainReader();
        vm.chainId(902);
    }

    function testFuzz_lane_hashesAsItsPackedBytes(Lane calldata lane) public pure {
        assertEq(lane.log(), keccak256(bytes.concat("xl2.lane.v1", Wire.lane(lane))));
        assertEq(lane.receiptLog(), keccak256(bytes.concat("xl2.receipts.v1", Wire.lane(lane))));
    }

    function testFuzz_receipt_hashesAsItsPackedBytes(
        uint40 page,
        uint256 bitmap,
        address payee,
        uint96 fees,
        bytes32 id
    ) public pure {
        vm.assume(id != 0);
        assertEq(
            Receipts.delivered(page, bitmap, payee, fees),
            keccak256(Wire.entry(Wire.Receipt(0, page, bitmap, payee, fees)))
        );
        assertEq(Receipts.expired(id), keccak256(Wire.entry(Wire.Receipt(id, 0, 0, address(0), 0))));
    }

    function testFuzz_header_givesBackItsFields(Message calldata m) public view {
        bytes memory encoded = Wire.header(m);
        (bool valid, bytes memory header) = this.load(encoded);
        assertEq(valid, m.flags < 2);
        assertEq(header, encoded);
        assertEq(header.idOf(), keccak256(encoded));
        Lane memory lane = header.laneOf();
        assertEq(
            keccak256(abi.encode(lane)), keccak256(abi.encode(m.origin, m.outbox, m.destination, m.inbox, m.assurance))
        );
        (address recipient, uint256 gasLimit, uint256 expiry) = header.termsOf();
        assertEq(recipient, m.recipient);
        assertEq(gasLimit, m.gasLimit);
        assertEq(expiry, m.expiry);
        assertEq(header.nonceOf(), m.nonce);
        assertEq(header.senderOf(), m.sender);
        assertEq(header.feeOf(), m.fee);
        assertEq(header.payloadHashOf(), m.payloadHash);
    }

    function testFuzz_segment_readsAsThePlainTwinDoes(uint256 seed, uint8 count, uint8 suffix) public view {
        _compareMessages(_segment(seed, bound(count, 1, 12), bound(suffix, 0, 5)), true);
    }

    function testFuzz_segment_bentIsReadOrRefusedAsByTheTwin(uint256 seed, uint256 position, uint8 value, uint8 cut)
        public
        view
    {
        bytes memory wire = _segment(seed, 1 + seed % 4, seed % 3);
        wire[bound(position, 28, wire.length - 1)] = bytes1(value); // one byte changed
        if (cut % 4 == 0) wire = bytes.concat(wire, bytes1(cut));
        _compareMessages(wire, false);
    }

    /// @dev Everything else about these bytes is as it must be: only what the first message leaves out is missing.
    function test_segment_isRefusedWhenItsFirstMessageLeavesSomethingOut() public {
        bytes memory prefix =
            abi.encodePacked(uint64(901), address(1), uint8(0), uint40(0), uint16(1), uint16(0), bytes32(0));
        bytes memory sender = abi.encodePacked(address(2));
        bytes memory recipient = abi.encodePacked(address(3));
        bytes memory terms = abi.encodePacked(uint32(4), uint64(5), uint96(6));
        this.messages(abi.encodePacked(prefix, uint8(0x0e), sender, recipient, terms, uint16(0)));
        bytes[3] memory short = [
            abi.encodePacked(prefix, uint8(0x0c), recipient, terms, uint16(0)),
            abi.encodePacked(prefix, uint8(0x0a), sender, terms, uint16(0)),
            abi.encodePacked(prefix, uint8(0x06), sender, recipient, uint16(0))
        ];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IInbox.BadSegment.selector, 70));
            this.messages(short[i]);
        }
    }

    function test_settlement_isRefusedWhenItsFirstEntryLeavesSomethingOut() public {
        bytes memory prefix = Wire.settlement(902, 0, 0, 1, 0);
        bytes memory page = abi.encodePacked(uint40(1));
        bytes memory payee = abi.encodePacked(address(2));
        bytes memory fees = abi.encodePacked(uint96(3));
        this.receipts(abi.encodePacked(prefix, uint8(0x3d), page, payee, fees, uint8(7)));
        bytes[3] memory short = [
            abi.encodePacked(prefix, uint8(0x39), payee, fees, uint8(7)),
            abi.encodePacked(prefix, uint8(0x35), page, fees, uint8(7)),
            abi.encodePacked(prefix, uint8(0x2d), page, payee, uint8(7))
        ];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IOutbox.BadSegment.selector, short[i].length));
            this.receipts(short[i]);
        }
    }

    function testFuzz_settlement_readsAsThePlainTwinDoes(uint256 seed, uint8 count) public view {
        _compareReceipts(_settlement(seed, bound(count, 1, 12)), true);
    }

    function testFuzz_settlement_bentIsReadOrRefusedAsByTheTwin(uint256 seed, uint256 position, uint8 value, uint8 cut)
        public
        view
    {
        bytes memory wire = _settlement(seed, 1 + seed % 4);
        wire[bound(position, 9, wire.length - 1)] = bytes1(value);
        if (cut % 4 == 0) wire = bytes.concat(wire, bytes1(cut));
        _compareReceipts(wire, false);
    }

    function load(bytes calldata encoded) external pure returns (bool, bytes memory) {
        return MessageCodec.load(encoded);
    }

    function messages(bytes calldata wire)
        external
        view
        returns (bytes32 log, bytes32 head, bytes32[] memory ids, bytes memory lastHeader)
    {
        SegmentReader.Segment memory s = SegmentReader.open(wire);
        (ids, head,) = s.chain(wire);
        return (s.lane.log(), head, ids, s.header);
    }

    function receipts(bytes calldata wire) external pure returns (bytes32 head, bytes32 entries) {
        ReceiptReader.Segment memory s = ReceiptReader.open(wire);
        for (uint256 i; i < s.count; ++i) {
            uint256 kind = s.read(wire);
            if (kind == ReceiptReader.EXPIRED) s.expired();
            if (kind != ReceiptReader.DELIVERED) continue;
            bytes memory entry = abi.encodePacked(uint8(0x81), uint40(s.page), s.bitmap, s.payee, uint96(s.fees));
            entries = keccak256(bytes.concat(entries, entry));
        }
        require(s.offset(wire) == wire.length, "left over");
        return (s.head, entries);
    }

    function _compareMessages(bytes memory wire, bool mustRead) private view {
        (bool read, bytes memory here) = address(this).staticcall(abi.encodeCall(this.messages, (wire)));
        (bool plain, bytes memory there) = address(twin).staticcall(abi.encodeCall(twin.messages, (wire)));
        assertEq(read, plain);
        assertTrue(read || !mustRead);
        if (read) assertEq(here, there);
    }

    function _compareReceipts(bytes memory wire, bool mustRead) private view {
        (bool read, bytes memory here) = address(this).staticcall(abi.encodeCall(this.receipts, (wire)));
        (bool plain, bytes memory there) = address(twin).staticcall(abi.encodeCall(twin.receipts, (wire)));
        assertEq(read, plain);
        assertTrue(read || !mustRead);
        if (read) assertEq(here, there);
    }

    /// @dev A segment in which neighbours share some fields.
    function _segment(uint256 seed, uint256 count, uint256 suffix) private view returns (bytes memory) {
        Wire.Parcel[] memory parcels = new Wire.Parcel[](count);
        for (uint256 i; i < count; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            Message memory m;
            (m.assurance, m.origin, m.outbox) = (uint8(seed % 3), 901, address(uint160(seed)));
            (m.destination, m.inbox) = (902, address(this));
            (m.nonce, m.flags) = (uint64(seed % (1 << 40)) + uint64(i), uint8(r >> 1) & 1);
            m.sender = address(uint160(r & 3) + 1);
            m.recipient = address(uint160(r >> 8 & 3) + 1);
            (m.gasLimit, m.fee, m.expiry) = (uint32(r >> 16 & 1), uint96(r >> 24 & 1), uint64(r >> 32 & 1));
            bytes memory payload = new bytes(r >> 40 & 0x7f);
            if (payload.length != 0) payload[0] = bytes1(uint8(r >> 48));
            m.payloadHash = keccak256(payload);
            parcels[i] = Wire.Parcel(m, payload);
        }
        return Wire.segment(parcels, bytes32(seed), new bytes32[](suffix));
    }

    /// @dev A settlement with all kinds of entries.
    function _settlement(uint256 seed, uint256 count) private pure returns (bytes memory wire) {
        wire = Wire.settlement(902, uint8(seed % 3), uint40(seed), uint16(count), bytes32(seed));
        Wire.Receipt memory before;
        Message memory m;
        for (uint256 i; i < count; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            if (r % 5 == 0) {
                wire = bytes.concat(wire, hex"00", bytes32(r));
            } else if (r % 5 == 1) {
                wire = bytes.concat(wire, Wire.expiredEntry(m, bytes32(r), new bytes32[](r >> 8 & 3)));
            } else {
                uint256[3] memory bitmaps = [1 << (r >> 8 & 0xff), (1 << (r >> 8 & 0xf) + 1) - 1 << (r >> 16 & 0x7f), r];
                Wire.Receipt memory entry = Wire.Receipt(
                    0, uint40(r >> 24 & 1), bitmaps[(r >> 32) % 3], address(uint160(r >> 40 & 1)), uint96(r >> 48 & 1)
                );
                wire = bytes.concat(wire, Wire.deliveredEntry(entry, before));
                before = entry;
            }
        }
    }
}

/// @notice The calldata of a call to a recipient, against Solidity's own encoder.
contract RecipientCallTest is Test {
    using RecipientCall for RecipientCall.Buffer;

    bytes private _seen;

    function testFuzz_attempt_encodesAsSolidityDoes(
        uint64 from,
        address sender,
        bytes32 id,
        bytes calldata payload,
        bytes calldata longer
    ) public {
        vm.assume(from != 0);
        Message memory m;
        (m.sender, m.recipient) = (sender, address(this));
        bytes memory header = Wire.header(m);
        uint256 longest = payload.length > longer.length ? payload.length : longer.length;
        RecipientCall.Buffer memory buffer = RecipientCall.prepare(from, longest);
        _attempt(buffer, header, id, longer); // leaves its bytes behind
        _attempt(buffer, header, id, payload);
        bytes memory chainBytes;
        while (chainBytes.length < 8 && from >> (8 * chainBytes.length) != 0) {
            chainBytes = bytes.concat(bytes1(uint8(from >> (8 * chainBytes.length))), chainBytes);
        }
        bytes memory interoperable =
            abi.encodePacked(hex"00010000", uint8(chainBytes.length), chainBytes, uint8(20), sender);
        assertEq(_seen, abi.encodeWithSignature("receiveMessage(bytes32,bytes,bytes)", id, interoperable, payload));
    }

    fallback() external {
        _seen = msg.data;
    }

    function _attempt(RecipientCall.Buffer memory buffer, bytes memory header, bytes32 id, bytes calldata payload)
        private
    {
        uint256 position;
        assembly ("memory-safe") {
            position := payload.offset
        }
        buffer.attempt(header, id, position, payload.length, 30_000_000);
    }
}
