// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IHeads} from "../../src/interfaces/IHeads.sol";
import {IInbox} from "../../src/interfaces/IInbox.sol";
import {IOutbox} from "../../src/interfaces/IOutbox.sol";
import {Message} from "../../src/types/Message.sol";
import {Wire} from "../core/Wire.sol";
import {World} from "../core/World.sol";

/// @notice Attesters that sign what is false, and whoever bends true bytes: what they can and cannot reach.
contract ForgeryTest is World {
    /// @dev Whoever can show a false head of a lane can spoil any nonce of it; so lanes of other classes share none with it.
    function test_aJunkHeadOnAWeakLaneSpoilsNoNonceOfAStrongOne() public {
        Message memory m = _message(SETTLED);
        m.fee = 5 gwei;
        _send(m, "true"); // nonce 0 of the settled lane

        Wire.Parcel[] memory junk = new Wire.Parcel[](1);
        junk[0] = _junk(ATTESTED, 0);
        _deliverForged(junk, WEAK);
        assertEq(_statuses(ATTESTED, 0), 1, "the weak lane's nonce is spoilt");
        assertEq(_statuses(SETTLED, 0), 0);
        _deliver(SETTLED, 0, 1, STRONG);
        assertEq(diary.entries(), 2);
    }

    function test_aWeakVerifierCannotNameTheHeadOfAStrongLane() public {
        Wire.Parcel[] memory junk = new Wire.Parcel[](1);
        junk[0] = _junk(SETTLED, 0);
        bytes32 log = _laneOf(SETTLED).log();
        bytes32 head = keccak256(abi.encodePacked(log, keccak256(Wire.header(junk[0].message))));
        bytes memory segment = Wire.segment(junk, log, new bytes32[](0));
        bytes memory evidence = _sign(away, WEAK, log, head, 1);
        _on(away);
        vm.expectRevert(abi.encodeWithSelector(IHeads.NotStanding.selector, log, WEAK));
        away.inbox.deliver(segment, evidence, payee);
        vm.expectRevert(abi.encodeWithSelector(IHeads.NotStanding.selector, log, WEAK));
        away.heads.show(log, head, 1, evidence);
    }

    /// @dev A head signed for one log says nothing about another.
    function test_aHeadOfOneLogIsNoneOfAnother() public {
        _send(ATTESTED);
        bytes32 weakLog = _laneOf(ATTESTED).log();
        bytes32 strongLog = _laneOf(SETTLED).log();
        bytes memory evidence = _sign(away, STRONG, weakLog, headsOf[weakLog][1], 1);
        _on(away);
        away.heads.show(weakLog, headsOf[weakLog][1], 1, evidence);
        vm.expectRevert(abi.encodeWithSelector(IHeads.UnknownHead.selector, strongLog, headsOf[weakLog][1]));
        away.heads.check(strongLog, headsOf[weakLog][1], 1, "");
    }

    /// @dev Attesters could else refund what was delivered as settled.
    function test_aReceiptShownFromBelowTheLanesClassSettlesNothing() public {
        Message memory m = _message(SETTLED);
        (m.fee, m.expiry) = (5 gwei, uint64(block.timestamp + 5));
        m = _send(m, "").message;
        receiptsOf[SETTLED].push(Wire.Receipt(keccak256(Wire.header(m)), 0, 0, address(0), 0)); // a lie
        bytes32 log = _laneOf(SETTLED).receiptLog();
        _append(log, keccak256(Wire.entry(receiptsOf[SETTLED][0])));

        bytes memory segment = _settlementOf(SETTLED, 0, 1);
        bytes memory evidence = _receiptEvidence(SETTLED, 1, WEAK);
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IHeads.NotStanding.selector, log, WEAK));
        home.outbox.settle(segment, evidence);
    }

    /// @dev The outbox compares classes itself, and does not lean on what the registry let in.
    function test_aReceiptFromBelowTheClassIsRefusedEvenByARegistryThatLetItIn() public {
        _send(SETTLED);
        _deliver(SETTLED, 0, 1, STRONG);
        bytes memory segment = _settlementOf(SETTLED, 0, 1);
        _on(home);
        vm.mockCall(address(home.heads), abi.encodeWithSelector(IHeads.check.selector), abi.encode(uint256(1) << 127));
        vm.expectRevert(abi.encodeWithSelector(IOutbox.EvidenceTooWeak.selector, uint256(1) << 127, SETTLED));
        home.outbox.settle(segment, "");
    }

    function test_aMessageFromBelowTheClassIsRefusedEvenByARegistryThatLetItIn() public {
        _send(SETTLED);
        bytes memory segment = _segmentOf(SETTLED, 0, 1);
        _on(away);
        vm.mockCall(address(away.heads), abi.encodeWithSelector(IHeads.check.selector), abi.encode(uint256(1) << 127));
        vm.expectRevert(abi.encodeWithSelector(IInbox.EvidenceTooWeak.selector, uint256(1) << 127, SETTLED));
        away.inbox.deliver(segment, "", payee);
    }

    /// @dev Forged receipts of one lane take at most what that lane holds.
    function test_forgedReceiptsReachNoFurtherThanTheirLane() public {
        Message memory m = _message(SETTLED);
        m.fee = 100 gwei;
        _send(m, "");
        m = _message(ATTESTED);
        m.fee = 5 gwei;
        _send(m, "");
        Wire.Receipt memory lie = Wire.Receipt(0, 0, 1, payee, 100 gwei);
        receiptsOf[ATTESTED].push(lie);
        _append(_laneOf(ATTESTED).receiptLog(), keccak256(Wire.entry(lie)));
        bytes memory segment = _settlementOf(ATTESTED, 0, 1);
        bytes memory evidence = _receiptEvidence(ATTESTED, 1, WEAK);
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.Overdrawn.selector, 100 gwei, 5 gwei));
        home.outbox.settle(segment, evidence);
    }

    /// @dev An entry without nonces could be settled again and again, if it were taken.
    function test_aForgedReceiptOfNothingIsRefused() public {
        Message memory m = _message(ATTESTED);
        m.fee = 5 gwei;
        _send(m, "");
        bytes32 log = _laneOf(ATTESTED).receiptLog();
        bytes32 entry = keccak256(Wire.entry(Wire.Receipt(0, 0, 0, payee, 1 gwei)));
        bytes memory segment = abi.encodePacked(
            Wire.settlement(away.id, ATTESTED, 0, 1, log), uint8(0x1d), uint40(0), payee, uint96(1 gwei), uint256(0)
        );
        bytes memory evidence = _sign(home, WEAK, log, keccak256(abi.encodePacked(log, entry)), 1);
        _on(home);
        vm.expectPartialRevert(IOutbox.BadSegment.selector);
        home.outbox.settle(segment, evidence);
    }

    /// @dev expire() takes any header; one that the origin never sent settles nothing there and blocks no nonce.
    function test_aMadeUpHeaderThatExpiredSettlesNothing() public {
        Message memory m = _message(SETTLED);
        m.fee = 5 gwei;
        _send(m, "true");
        Message memory lie = _junk(SETTLED, 0).message;
        (lie.expiry, lie.sender, lie.fee) = (uint64(block.timestamp - 1), payee, 5 gwei);
        _expire(lie);

        bytes32 laneLog = _laneOf(SETTLED).log();
        bytes32[] memory none = new bytes32[](0);
        bytes memory segment = bytes.concat(
            Wire.settlement(away.id, SETTLED, 0, 1, _laneOf(SETTLED).receiptLog()),
            Wire.expiredEntry(lie, laneLog, none)
        );
        bytes memory evidence = _receiptEvidence(SETTLED, 1, STRONG);
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.NotOnLog.selector, keccak256(Wire.header(lie))));
        home.outbox.settle(segment, evidence);

        _deliver(SETTLED, 0, 1, STRONG); // the true message is not in its way
        _settle(SETTLED, 0, 2, STRONG); // the lie left unopened
        assertEq(home.outbox.credit(payee), 5 gwei);
    }

    /// @dev An id of another page, or of another lane, does not pass for this page's.
    function test_anExpiredMessageIsShownOnItsOwnLogAlone() public {
        Message memory m = _message(ATTESTED);
        (m.expiry, m.fee) = (uint64(block.timestamp + 5), 5 gwei);
        m = _send(m, "").message;
        _send(SETTLED);
        vm.warp(m.expiry + 1);
        _expire(m);

        // shown as an entry of the settled lane
        Wire.Receipt memory lie = receiptsOf[ATTESTED][0];
        receiptsOf[SETTLED].push(lie);
        _append(_laneOf(SETTLED).receiptLog(), keccak256(Wire.entry(lie)));
        bytes32[] memory none = new bytes32[](0);
        bytes memory segment = bytes.concat(
            Wire.settlement(away.id, SETTLED, 0, 1, _laneOf(SETTLED).receiptLog()),
            Wire.expiredEntry(m, _laneOf(ATTESTED).log(), none)
        );
        bytes memory evidence = _receiptEvidence(SETTLED, 1, STRONG);
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.NotOnLog.selector, lie.id));
        home.outbox.settle(segment, evidence);
    }

    function test_aSegmentForAnotherInboxIsAnotherLog() public {
        _send(ATTESTED);
        bytes memory segment = _segmentOf(ATTESTED, 0, 1);
        bytes memory evidence = _evidenceOf(ATTESTED, WEAK);
        vm.chainId(30); // the same contracts on another chain
        vm.expectPartialRevert(IHeads.NotStanding.selector);
        away.inbox.deliver(segment, evidence, payee);
        vm.chainId(home.id);
        vm.expectPartialRevert(IHeads.NotStanding.selector);
        home.inbox.deliver(segment, evidence, payee);
    }

    function testFuzz_aBentSegmentDeliversNothing(uint256 position, uint8 bit) public {
        _sendSome();
        bytes memory segment = _segmentOf(ATTESTED, 1, 3);
        position = bound(position, 0, segment.length - 1);
        segment[position] = segment[position] ^ bytes1(uint8(1 << (bit & 7)));
        _refusedSegment(segment);
    }

    function test_aTruncatedOrExtendedSegmentDeliversNothing() public {
        _sendSome();
        bytes memory segment = _segmentOf(ATTESTED, 1, 3);
        for (uint256 length; length < segment.length; length += 1 + length / 40) {
            bytes memory cut = new bytes(length);
            for (uint256 i; i < length; ++i) {
                cut[i] = segment[i];
            }
            _refusedSegment(cut);
        }
        _refusedSegment(bytes.concat(segment, hex"00"));
        _refusedSegment(bytes.concat(segment, new bytes(32)));
        _refusedSegment(bytes.concat(hex"00", segment));
    }

    function test_aReorderedSegmentDeliversNothing() public {
        _sendSome();
        (parcels[ATTESTED][1], parcels[ATTESTED][2]) = (parcels[ATTESTED][2], parcels[ATTESTED][1]);
        _refusedSegment(_segmentOf(ATTESTED, 1, 3));
    }

    /// @dev Calldata after the segment belongs to the evidence: a length that reaches into it is noticed.
    function test_aPayloadThatReachesPastTheSegmentIsNotRead() public {
        _sendSome();
        bytes memory segment = _segmentOf(ATTESTED, 4, 1);
        uint256 length = segment.length - bytes("message 4").length - 2;
        segment[length] = 0xff; // high byte of the last payload's length
        _on(away);
        vm.expectPartialRevert(IInbox.BadSegment.selector);
        away.inbox.deliver(segment, "", payee);
    }

    function testFuzz_aBentSettlementSettlesNothing(uint256 position, uint8 bit) public {
        _sendSome();
        _deliver(ATTESTED, 0, 2, WEAK);
        _deliver(ATTESTED, 3, 1, WEAK);
        bytes memory segment = _settlementOf(ATTESTED, 0, 2);
        bytes memory evidence = _receiptEvidence(ATTESTED, 2, WEAK);
        position = bound(position, 0, segment.length - 1);
        segment[position] = segment[position] ^ bytes1(uint8(1 << (bit & 7)));
        _on(home);
        vm.expectRevert();
        home.outbox.settle(segment, evidence);
    }

    function test_theZeroHeadIsNeverTrue() public {
        bytes32 log = _laneOf(ATTESTED).log();
        bytes memory evidence = _sign(away, WEAK, log, 0, 0);
        _on(away);
        vm.expectRevert(abi.encodeWithSelector(IHeads.ZeroHead.selector, log));
        away.heads.show(log, 0, 0, evidence);
    }

    function _sendSome() private {
        for (uint256 i; i < 5; ++i) {
            Message memory m = _message(ATTESTED);
            if (i == 2) (m.gasLimit, m.fee) = (90_000, 2 gwei);
            _send(m, bytes.concat("message ", bytes1(uint8(48 + i))));
        }
    }

    function _junk(uint8 assurance, uint64 nonce) private view returns (Wire.Parcel memory) {
        Message memory m = _message(assurance);
        (m.origin, m.outbox, m.destination, m.inbox) = (home.id, address(home.outbox), away.id, address(away.inbox));
        (m.nonce, m.sender, m.payloadHash) = (nonce, payee, keccak256("junk"));
        return Wire.Parcel(m, "junk");
    }

    /// @dev Verifier `number` signs the head that these parcels hash to.
    function _deliverForged(Wire.Parcel[] memory forged, uint8 number) private {
        bytes32 log = _laneOf(forged[0].message.assurance).log();
        bytes32 head = log;
        for (uint256 i; i < forged.length; ++i) {
            head = keccak256(abi.encodePacked(head, keccak256(Wire.header(forged[i].message))));
        }
        bytes memory evidence = _sign(away, number, log, head, uint64(forged.length));
        _on(away);
        away.inbox.deliver(Wire.segment(forged, log, new bytes32[](0)), evidence, payee);
    }

    function _refusedSegment(bytes memory segment) private {
        bytes memory evidence = _evidenceOf(ATTESTED, WEAK);
        _on(away);
        vm.expectRevert();
        away.inbox.deliver(segment, evidence, payee);
        assertEq(diary.entries(), 0);
    }
}
