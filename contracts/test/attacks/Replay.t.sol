// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IInbox} from "../../src/interfaces/IInbox.sol";
import {IOutbox} from "../../src/interfaces/IOutbox.sol";
import {Message} from "../../src/types/Message.sol";
import {Wire} from "../core/Wire.sol";
import {World} from "../core/World.sol";

/// @notice Doing twice what counts once.
contract ReplayTest is World {
    function test_aMessageIsDeliveredOnceByAnyCutAndAnyEvidence() public {
        for (uint256 i; i < 4; ++i) {
            _send(ATTESTED);
        }
        _deliver(ATTESTED, 1, 1, WEAK);
        _nothingToDeliver(1, 1, WEAK);
        _nothingToDeliver(1, 1, STRONG);
        _deliver(ATTESTED, 0, 3, STRONG);
        _send(ATTESTED);
        _nothingToDeliver(0, 3, WEAK); // under a later head
        assertEq(diary.times(entriesOf[_laneOf(ATTESTED).log()][1]), 1);
    }

    function test_aFailedMessageIsRetriedToSuccessOnce() public {
        diary.close(true);
        Wire.Parcel memory parcel = _send(ATTESTED);
        _deliver(ATTESTED, 0, 1, WEAK);
        diary.close(false);
        _retry(parcel);
        _on(away);
        vm.expectRevert(abi.encodeWithSelector(IInbox.AlreadyDelivered.selector, 0));
        away.inbox.retry(Wire.header(parcel.message), parcel.payload, 200_000, payee);
        _nothingToDeliver(0, 1, STRONG);
        assertEq(diary.entries(), 1);
    }

    /// @dev A message that failed under a false head and its true twin share a nonce: one of them succeeds.
    function test_twoIdsAtOneNonceSucceedOnce() public {
        diary.close(true);
        Wire.Parcel memory parcel = _send(ATTESTED);
        Wire.Parcel[] memory forged = new Wire.Parcel[](1);
        forged[0] = Wire.Parcel(parcel.message, "forged");
        Message memory m = abi.decode(abi.encode(parcel.message), (Message));
        m.payloadHash = keccak256("forged");
        forged[0].message = m;
        bytes32 log = _laneOf(ATTESTED).log();
        bytes32 head = keccak256(abi.encodePacked(log, keccak256(Wire.header(m))));
        bytes memory evidence = _sign(away, WEAK, log, head, 1);
        _on(away);
        away.inbox.deliver(Wire.segment(forged, log, new bytes32[](0)), evidence, payee);
        diary.close(false);
        _deliver(ATTESTED, 0, 1, STRONG);

        vm.expectRevert(abi.encodeWithSelector(IInbox.AlreadyDelivered.selector, 0));
        away.inbox.retry(Wire.header(m), "forged", 200_000, payee);
    }

    function test_settlingTwiceCreditsOnce() public {
        Message memory m = _message(SETTLED);
        m.fee = 5 gwei;
        _send(m, "");
        _send(m, ""); // the lane holds enough for a second payment
        _deliver(SETTLED, 0, 1, STRONG);
        _settle(SETTLED, 0, 1, STRONG);
        _settle(SETTLED, 0, 1, STRONG);
        assertEq(home.outbox.credit(payee), 5 gwei);
        assertEq(_escrow(SETTLED), 5 gwei);
    }

    function test_theSameReceiptTwiceInOneCallCreditsOnce() public {
        Message memory m = _message(SETTLED);
        m.fee = 5 gwei;
        _send(m, "");
        _send(m, "");
        Wire.Receipt memory r = Wire.Receipt(0, 0, 1, payee, 5 gwei); // no inbox makes it twice, so false evidence does
        for (uint256 i; i < 2; ++i) {
            receiptsOf[SETTLED].push(r);
            _append(_laneOf(SETTLED).receiptLog(), keccak256(Wire.entry(r)));
        }
        _settle(SETTLED, 0, 2, STRONG);
        assertEq(home.outbox.credit(payee), 5 gwei);
    }

    /// @dev Anyone can append `expired(id)` twice.
    function test_expiringTwiceRefundsOnce() public {
        Message memory m = _message(SETTLED);
        (m.expiry, m.fee) = (uint64(block.timestamp + 5), 5 gwei);
        m = _send(m, "").message;
        Message memory other = _message(SETTLED);
        other.fee = 5 gwei;
        _send(other, "");
        vm.warp(m.expiry + 1);
        _expire(m);
        _expire(m);
        _settle(SETTLED, 0, 2, STRONG); // both at once
        assertEq(home.outbox.credit(alice), 5 gwei);
        _settle(SETTLED, 1, 1, STRONG); // and the second alone
        assertEq(home.outbox.credit(alice), 5 gwei);
        assertEq(_escrow(SETTLED), 5 gwei);
    }

    function test_anEntryThatTouchesASettledNonceSettlesNoneOfItsOthers() public {
        for (uint256 i; i < 3; ++i) {
            Message memory m = _message(SETTLED);
            m.fee = 5 gwei;
            _send(m, "");
        }
        _deliver(SETTLED, 0, 1, STRONG);
        _settle(SETTLED, 0, 1, STRONG);
        Wire.Receipt memory lie = Wire.Receipt(0, 0, 3, alice, 5 gwei);
        receiptsOf[SETTLED].push(lie);
        _append(_laneOf(SETTLED).receiptLog(), keccak256(Wire.entry(lie)));
        _settle(SETTLED, 1, 1, STRONG);
        assertEq(home.outbox.settled(away.id, SETTLED, 0), 1);
        assertEq(home.outbox.credit(alice), 0);
    }

    /// @dev The clock decides: at the last second delivered, after it expired, and never both.
    function testFuzz_aMessageIsDeliveredOrExpiresNeverBoth(uint64 wait, bool expireFirst) public {
        Message memory m = _message(SETTLED);
        m.expiry = uint64(block.timestamp + 100);
        m = _send(m, "").message;
        bytes memory segment = _segmentOf(SETTLED, 0, 1);
        bytes memory evidence = _evidenceOf(SETTLED, STRONG);
        bytes memory header = Wire.header(m);
        vm.warp(block.timestamp + bound(wait, 0, 300));
        _on(away);
        bool delivered;
        bool expired;
        for (uint256 i; i < 2; ++i) {
            if ((i == 0) == expireFirst) {
                (bool success,) = address(away.inbox).call(abi.encodeCall(IInbox.expire, (header)));
                expired = expired || success;
            } else {
                (bool success,) = address(away.inbox).call(abi.encodeCall(IInbox.deliver, (segment, evidence, payee)));
                delivered = delivered || success;
            }
        }
        assertTrue(delivered != expired);
        assertEq(delivered, block.timestamp <= m.expiry);
    }

    /// @dev A success is worth its fee however it came: the receipt of a retry is one like any other.
    function test_aRetryThatSucceedsEarnsAndSettles() public {
        diary.close(true);
        Message memory m = _message(SETTLED);
        m.fee = 5 gwei;
        Wire.Parcel memory parcel = _send(m, "");
        _deliver(SETTLED, 0, 1, STRONG);
        assertEq(receiptsOf[SETTLED].length, 0, "a failure earns nothing");
        diary.close(false);
        _retry(parcel);
        _settle(SETTLED, 0, 1, STRONG);
        assertEq(home.outbox.credit(payee), 5 gwei);
    }

    /// @dev The destination cannot see a top-up; it is settled with the fee all the same, and never stays behind.
    function test_aTopUpUnseenByTheDestinationIsPaidOnce() public {
        Message memory m = _message(SETTLED);
        m.fee = 5 gwei;
        _send(m, "");
        _deliver(SETTLED, 0, 1, STRONG);
        _on(home);
        vm.prank(alice);
        home.outbox.addFee{value: 3 gwei}(away.id, SETTLED, 0); // after the receipt was made
        assertEq(receiptsOf[SETTLED][0].fees, 5 gwei);
        _settle(SETTLED, 0, 1, STRONG);
        _settle(SETTLED, 0, 1, STRONG);
        assertEq(home.outbox.credit(payee), 8 gwei);
        assertEq(_escrow(SETTLED), 0);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.AlreadySettled.selector, away.id, SETTLED, 0));
        home.outbox.addFee{value: 3 gwei}(away.id, SETTLED, 0);
    }

    function _nothingToDeliver(uint256 first, uint256 count, uint8 number) private {
        bytes memory segment = _segmentOf(ATTESTED, first, count);
        bytes memory evidence = _evidenceOf(ATTESTED, number);
        _on(away);
        vm.expectRevert(IInbox.NoProgress.selector);
        away.inbox.deliver(segment, evidence, payee);
    }
}
