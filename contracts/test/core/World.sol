// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {IInbox} from "../../src/interfaces/IInbox.sol";
import {Lane} from "../../src/types/Lane.sol";
import {Message} from "../../src/types/Message.sol";
import {TwoChains} from "../assets/TwoChains.sol";
import {Diary} from "./Recipients.sol";
import {Wire} from "./Wire.sol";

/// @notice Two chains, messages from `home` to `away`, and an observer who keeps what it sees in events alone: the messages of each
/// lane and the receipts that came of them. All calls of this base succeed or fail the test.
abstract contract World is TwoChains {
    uint8 internal constant ATTESTED = 0;
    uint8 internal constant SETTLED = 2;

    address internal alice = makeAddr("alice");
    address internal payee = makeAddr("payee");
    Diary internal diary;

    mapping(uint8 assurance => Wire.Parcel[]) internal parcels;
    mapping(uint8 assurance => Wire.Receipt[]) internal receiptsOf;

    function setUp() public virtual {
        _deployBoth();
        diary = new Diary();
        vm.deal(alice, 1_000 ether);
        vm.label(address(home.outbox), "outbox");
        vm.label(address(away.inbox), "inbox");
    }

    /// @dev A message to the diary with usual terms, to be changed by the caller before {_send}.
    function _message(uint8 assurance) internal view returns (Message memory m) {
        m.assurance = assurance;
        m.recipient = address(diary);
        m.gasLimit = 200_000;
    }

    function _send(uint8 assurance) internal returns (Wire.Parcel memory) {
        return _send(_message(assurance), bytes.concat("payload ", bytes32(parcels[assurance].length)));
    }

    /// @dev Alice sends `m`; what the outbox fixes of it is filled in.
    function _send(Message memory m, bytes memory payload) internal returns (Wire.Parcel memory parcel) {
        _on(home);
        vm.prank(alice);
        bytes32 id =
            home.outbox.sendMessage{value: m.fee}(_interoperable(away.id, m.recipient), payload, _attributes(m));
        m.sender = alice;
        m.nonce = uint64(parcels[m.assurance].length);
        (m.origin, m.outbox) = (home.id, address(home.outbox));
        (m.destination, m.inbox) = (away.id, address(away.inbox));
        m.payloadHash = keccak256(payload);
        parcel = Wire.Parcel(m, payload);
        assertEq(id, keccak256(Wire.header(m)), "the outbox made another id");
        parcels[m.assurance].push(parcel);
        _append(_laneOf(m.assurance).log(), id);
    }

    /// @dev Delivers messages [first, first + count) of a lane on the word of verifier `number`.
    function _deliver(uint8 assurance, uint256 first, uint256 count, uint8 number) internal {
        bytes memory segment = _segmentOf(assurance, first, count);
        bytes memory evidence = _evidenceOf(assurance, number);
        _on(away);
        vm.recordLogs();
        away.inbox.deliver(segment, evidence, payee);
        _observeReceipts(assurance);
    }

    function _retry(Wire.Parcel memory parcel) internal {
        _on(away);
        vm.recordLogs();
        away.inbox.retry(Wire.header(parcel.message), parcel.payload, parcel.message.gasLimit, payee);
        _observeReceipts(parcel.message.assurance);
    }

    function _expire(Message memory m) internal {
        _on(away);
        vm.recordLogs();
        away.inbox.expire(Wire.header(m));
        _observeReceipts(m.assurance);
    }

    /// @dev Settles receipts [first, first + count) of a lane on the word of verifier `number`.
    function _settle(uint8 assurance, uint256 first, uint256 count, uint8 number) internal {
        bytes memory segment = _settlementOf(assurance, first, count);
        bytes memory evidence = _receiptEvidence(assurance, first + count, number);
        _on(home);
        home.outbox.settle(segment, evidence);
    }

    /// @dev The messages of a lane, with all that links them to its head.
    function _segmentOf(uint8 assurance, uint256 first, uint256 count) internal view returns (bytes memory) {
        bytes32 log = _laneOf(assurance).log();
        Wire.Parcel[] memory slice = new Wire.Parcel[](count);
        for (uint256 i; i < count; ++i) {
            slice[i] = parcels[assurance][first + i];
        }
        return Wire.segment(slice, headsOf[log][first], _after(log, first + count));
    }

    /// @dev The receipts of a lane: delivered ones unpacked, expired ones with what shows their message.
    function _settlementOf(uint8 assurance, uint256 first, uint256 count) internal view returns (bytes memory wire) {
        bytes32 log = _laneOf(assurance).receiptLog();
        wire = Wire.settlement(away.id, assurance, uint40(first), uint16(count), headsOf[log][first]);
        Wire.Receipt memory before;
        for (uint256 i = first; i < first + count; ++i) {
            Wire.Receipt memory r = receiptsOf[assurance][i];
            if (r.id != 0) {
                wire = bytes.concat(wire, _expiredEntry(assurance, r.id));
            } else {
                wire = bytes.concat(wire, Wire.deliveredEntry(r, before));
                before = r;
            }
        }
    }

    /// @dev An expired entry of a message that was sent, or unopened if it was not.
    function _expiredEntry(uint8 assurance, bytes32 id) internal view returns (bytes memory) {
        bytes32 log = _laneOf(assurance).log();
        for (uint256 n; n < entriesOf[log].length; ++n) {
            if (entriesOf[log][n] != id) continue;
            uint256 pageEnd = (n / 256 + 1) * 256;
            uint256 end = pageEnd < entriesOf[log].length ? pageEnd : entriesOf[log].length;
            bytes32[] memory later = new bytes32[](end - n - 1);
            for (uint256 i; i < later.length; ++i) {
                later[i] = entriesOf[log][n + 1 + i];
            }
            return Wire.expiredEntry(parcels[assurance][n].message, headsOf[log][n], later);
        }
        return Wire.unopened(Wire.Receipt(id, 0, 0, address(0), 0));
    }

    function _evidenceOf(uint8 assurance, uint8 number) internal returns (bytes memory) {
        bytes32 log = _laneOf(assurance).log();
        uint256 count = entriesOf[log].length;
        return _sign(away, number, log, headsOf[log][count], uint64(count));
    }

    function _receiptEvidence(uint8 assurance, uint256 count, uint8 number) internal returns (bytes memory) {
        bytes32 log = _laneOf(assurance).receiptLog();
        return _sign(home, number, log, headsOf[log][count], uint64(count));
    }

    function _laneOf(uint8 assurance) internal view returns (Lane memory) {
        return _lane(home, away, assurance);
    }

    function _statuses(uint8 assurance, uint256 page) internal view returns (uint256) {
        return away.inbox.delivered(_laneOf(assurance).log(), page);
    }

    function _escrow(uint8 assurance) internal view returns (uint256) {
        (,,, uint64 gwei_) = home.outbox.lane(away.id, assurance);
        return uint256(gwei_) * 1 gwei;
    }

    function _interoperable(uint64 chain, address account) internal pure returns (bytes memory) {
        require(chain < 256, "the tests' chains have small ids");
        return abi.encodePacked(hex"0001000001", uint8(chain), uint8(20), account);
    }

    /// @dev Names only what differs from the defaults.
    function _attributes(Message memory m) internal pure returns (bytes[] memory attributes) {
        bytes[4] memory all;
        uint256 n;
        if (m.assurance != SETTLED) all[n++] = abi.encodeWithSignature("assurance(uint8)", m.assurance);
        if (m.gasLimit != 200_000) all[n++] = abi.encodeWithSignature("gasLimit(uint32)", m.gasLimit);
        if (m.expiry != 0) all[n++] = abi.encodeWithSignature("expiry(uint64)", m.expiry);
        if (m.flags != 0) all[n++] = abi.encodeWithSignature("allowNoCode()");
        attributes = new bytes[](n);
        for (uint256 i; i < n; ++i) {
            attributes[i] = all[i];
        }
    }

    /// @dev Rebuilds the receipt log from the events just recorded, and compares it with the inbox.
    function _observeReceipts(uint8 assurance) internal {
        bytes32 receiptLog = _laneOf(assurance).receiptLog();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(away.inbox)) continue;
            Wire.Receipt memory r;
            uint64 index;
            if (logs[i].topics[0] == IInbox.Delivered.selector) {
                uint64 page;
                (index, page, r.bitmap, r.fees) = abi.decode(logs[i].data, (uint64, uint64, uint256, uint96));
                (r.page, r.payee) = (uint40(page), address(uint160(uint256(logs[i].topics[2]))));
            } else if (logs[i].topics[0] == IInbox.Expired.selector) {
                index = abi.decode(logs[i].data, (uint64));
                r.id = logs[i].topics[1];
            } else {
                continue;
            }
            assertEq(index, receiptsOf[assurance].length, "a receipt is missing in the events");
            receiptsOf[assurance].push(r);
            _append(receiptLog, keccak256(Wire.entry(r)));
        }
        (bytes32 head, uint64 count) = away.inbox.receipts(receiptLog);
        assertEq(count, receiptsOf[assurance].length, "the inbox counts other receipts");
        if (count != 0) assertEq(head, headsOf[receiptLog][count], "the inbox holds other receipts");
    }

    function _after(bytes32 log, uint256 count) private view returns (bytes32[] memory later) {
        later = new bytes32[](entriesOf[log].length - count);
        for (uint256 i; i < later.length; ++i) {
            later[i] = entriesOf[log][count + i];
        }
    }
}
