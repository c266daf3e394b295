// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IHeads} from "../src/interfaces/IHeads.sol";
import {Inbox} from "../src/Inbox.sol";
import {LaneLog} from "../src/libraries/LaneLog.sol";
import {ReceiptReader} from "../src/libraries/ReceiptReader.sol";
import {Receipts} from "../src/libraries/Receipts.sol";
import {SegmentReader} from "../src/libraries/SegmentReader.sol";
import {Outbox} from "../src/Outbox.sol";
import {Lane} from "../src/types/Lane.sol";
import {Message} from "../src/types/Message.sol";
import {AttestedHeads} from "../src/verifiers/AttestedHeads.sol";

/// @notice What an inbox and an outbox read from a segment, before anyone is asked whether its head is true.
contract Reader {
    using ReceiptReader for ReceiptReader.Segment;
    using SegmentReader for SegmentReader.Segment;

    function messages(bytes calldata wire)
        external
        view
        returns (bytes32 log, uint256 first, bytes32 head, bytes32[] memory ids, bytes memory lastHeader)
    {
        SegmentReader.Segment memory s = SegmentReader.open(wire);
        (ids, head,) = s.chain(wire);
        return (s.lane.log(), s.first, head, ids, s.header);
    }

    function receipts(bytes calldata wire) external pure returns (uint64 first, uint256 count, bytes32 head) {
        ReceiptReader.Segment memory s = ReceiptReader.open(wire);
        for (uint256 i; i < s.count; ++i) {
            if (s.read(wire) == ReceiptReader.EXPIRED) s.expired();
        }
        require(s.offset(wire) == wire.length, "left over");
        return (s.first, s.count, s.head);
    }
}

/// @notice Believes everybody: what is refused before this registry is refused whatever the evidence.
contract Gullible {
    function check(bytes32, bytes32, uint64, bytes calldata) external pure returns (uint256) {
        return (1 << 192) - 1;
    }
}

/// @notice The bytes of the protocol, pinned by files that Python reads too.
contract VectorsTest is Test {
    string private _json;
    uint256 private _i;

    function test_lanes_nameTheirLogsAndSlots() public {
        for (_open("lanes"); _more(); ++_i) {
            Lane memory lane = _lane();
            assertEq(lane.log(), _bytes32("log"));
            assertEq(lane.receiptLog(), _bytes32("receiptLog"));
            assertEq(LaneLog.laneSlot(lane.destination, lane.assurance), _bytes32("laneSlot"));
            assertEq(LaneLog.lanePageSlot(lane.destination, lane.assurance, 1), _bytes32("lanePageSlot1"));
            assertEq(LaneLog.lanePageSlot(lane.destination, lane.assurance, 70_000), _bytes32("lanePageSlot70000"));
            assertEq(LaneLog.receiptSlot(lane.receiptLog()), _bytes32("receiptSlot"));
            assertEq(LaneLog.receiptPageSlot(lane.receiptLog(), 1), _bytes32("receiptPageSlot1"));
            assertEq(LaneLog.receiptPageSlot(lane.receiptLog(), 70_000), _bytes32("receiptPageSlot70000"));
        }
    }

    function test_laneWords_areWhatTheOutboxReads() public {
        Outbox outbox = new Outbox(address(this), IHeads(address(new Gullible())));
        bytes32 slot = bytes32(uint256(LaneLog.laneSlot(20, 2)) + 1);
        for (_open("lane_words"); _more(); ++_i) {
            vm.store(address(outbox), slot, _bytes32("word"));
            (, address inbox, uint64 nonce, uint64 escrow) = outbox.lane(20, 2);
            assertEq(inbox, _address("inbox"));
            assertEq(nonce, _uint("count"));
            assertEq(escrow, _uint("escrowGwei"));
        }
    }

    function test_messages_packToTheirHeadersAndIds() public {
        for (_open("messages"); _more(); ++_i) {
            Message memory m;
            (m.flags, m.assurance) = (uint8(_uint("allowNoCode")), uint8(_uint("assurance")));
            (m.origin, m.destination) = (uint64(_uint("origin")), uint64(_uint("destination")));
            (m.nonce, m.outbox, m.inbox) = (uint64(_uint("nonce")), _address("outbox"), _address("inbox"));
            (m.sender, m.recipient) = (_address("sender"), _address("recipient"));
            (m.gasLimit, m.expiry) = (uint32(_uint("gasLimit")), uint64(_uint("expiry")));
            (m.fee, m.payloadHash) = (uint96(_uint("fee")), keccak256(_bytes("payload")));
            assertEq(m.encode(), _bytes("header"));
            assertEq(m.id(), _bytes32("id"));
        }
    }

    function test_logs_chainTheirEntries() public {
        for (_open("logs"); _more(); ++_i) {
            bytes32 head = _bytes32("log");
            bytes32 lastPageHead = head;
            for (uint256 n; n < _uint("count"); ++n) {
                head = LaneLog.extend(head, keccak256(abi.encode(n)));
                if ((n + 1) % LaneLog.PAGE == 0) lastPageHead = head;
            }
            assertEq(head, _bytes32("head"));
            assertEq(lastPageHead, _bytes32("lastPageHead"));
        }
    }

    function test_segments_readToTheirHeads() public {
        for (_open("segments"); _more(); ++_i) {
            address inbox = _address("inbox");
            vm.etch(inbox, address(new Reader()).code);
            vm.chainId(_uint("destination"));
            (bytes32 log, uint256 first, bytes32 head, bytes32[] memory ids, bytes memory lastHeader) =
                Reader(inbox).messages(_bytes("segment"));
            assertEq(log, _bytes32("log"));
            assertEq(first, _uint("first"));
            assertEq(head, _bytes32("head"));
            assertEq(abi.encodePacked(ids), _bytes("ids"));
            assertEq(lastHeader, _bytes("lastHeader"));
        }
    }

    function test_refusedSegments_areRefusedWhateverTheHead() public {
        IHeads gullible = IHeads(address(new Gullible()));
        address inbox = address(new Inbox(gullible));
        vm.chainId(0x386);
        for (_open("segments_refused"); _more(); ++_i) {
            (bool success,) = inbox.call(abi.encodeCall(Inbox.deliver, (_bytes("wire"), "", address(this))));
            assertFalse(success, _string("name"));
        }
        // and the registry is not why: a good one passes
        for (_open("segments"); _i == 0; ++_i) {
            Inbox(inbox).deliver(_bytes("segment"), "", address(this));
        }
    }

    function test_receipts_hashAsTheirEntries() public {
        for (_open("receipts"); _more(); ++_i) {
            bytes32 id = _bytes32("id");
            bytes32 hash = id == 0
                ? Receipts.delivered(uint40(_uint("page")), _uint("bitmap"), _address("payee"), uint96(_uint("fees")))
                : Receipts.expired(id);
            assertEq(hash, _bytes32("hash"));
            assertEq(hash, keccak256(_bytes("entry")));
        }
    }

    function test_settlements_readToTheirHeads() public {
        Reader reader = new Reader();
        for (_open("settlements"); _more(); ++_i) {
            (uint64 first, uint256 count, bytes32 head) = reader.receipts(_bytes("segment"));
            assertEq(first, _uint("first"));
            assertEq(count, _uint("entries"));
            assertEq(head, _bytes32("head"));
        }
    }

    function test_refusedSettlements_areRefusedWhateverTheHead() public {
        vm.chainId(0x385);
        Outbox outbox = new Outbox(address(this), IHeads(address(new Gullible())));
        outbox.register(0x386, address(1));
        for (uint8 assurance; assurance < 3; ++assurance) {
            // all nonces are sent and nothing is too dear, so that only the bytes can be wrong
            bytes32 slot = bytes32(uint256(LaneLog.laneSlot(0x386, assurance)) + 1);
            vm.store(address(outbox), slot, bytes32(type(uint256).max));
        }
        for (_open("settlements_refused"); _more(); ++_i) {
            (bool success,) = address(outbox).call(abi.encodeCall(Outbox.settle, (_bytes("wire"), "")));
            assertFalse(success, _string("name"));
        }
        for (_open("settlements"); _i == 0; ++_i) {
            outbox.settle(_bytes("segment"), "");
        }
    }

    function test_attestations_areWhatTheVerifierTakes() public {
        for (_open("attestations"); _more(); ++_i) {
            vm.chainId(_uint("chain"));
            bytes memory packed = _bytes("signers");
            address[] memory signers = new address[](packed.length / 20);
            for (uint256 n; n < signers.length; ++n) {
                bytes32 word;
                assembly ("memory-safe") {
                    word := mload(add(add(packed, 0x20), mul(n, 20)))
                }
                signers[n] = address(bytes20(word));
            }
            deployCodeTo("AttestedHeads.sol", abi.encode(signers, _uint("threshold")), _address("contract"));
            AttestedHeads heads = AttestedHeads(_address("contract"));
            (bytes32 log, bytes32 head, uint64 count) = (_bytes32("log"), _bytes32("head"), uint64(_uint("count")));
            assertEq(heads.signersHash(), _bytes32("signersHash"));
            assertEq(heads.digest(log, head, count, uint64(_uint("block"))), _bytes32("digest"));
            heads.verify(log, head, count, _bytes("proof"));
        }
    }

    function _lane() private view returns (Lane memory) {
        return Lane(
            uint64(_uint("origin")),
            _address("outbox"),
            uint64(_uint("destination")),
            _address("inbox"),
            uint8(_uint("assurance"))
        );
    }

    function _open(string memory name) private {
        _json = vm.readFile(string.concat("../tests/vectors/", name, ".json"));
        _i = 0;
        assertTrue(_more(), "a file without vectors");
    }

    function _more() private view returns (bool) {
        return vm.keyExistsJson(_json, string.concat(".[", vm.toString(_i), "]"));
    }

    function _key(string memory field) private view returns (string memory) {
        return string.concat(".[", vm.toString(_i), "].", field);
    }

    function _uint(string memory field) private view returns (uint256) {
        return vm.parseJsonUint(_json, _key(field));
    }

    function _address(string memory field) private view returns (address) {
        return vm.parseJsonAddress(_json, _key(field));
    }

    function _bytes32(string memory field) private view returns (bytes32) {
        return vm.parseJsonBytes32(_json, _key(field));
    }

    function _bytes(string memory field) private view returns (bytes memory) {
        return vm.parseJsonBytes(_json, _key(field));
    }

    function _string(string memory field) private view returns (string memory) {
        return vm.parseJsonString(_json, _key(field));
    }
}
