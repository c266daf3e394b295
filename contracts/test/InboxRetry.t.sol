// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IInbox} from "../src/interfaces/IInbox.sol";
import {Message} from "../src/types/Message.sol";
import {Wire} from "./core/Wire.sol";
import {World} from "./core/World.sol";

/// @notice What failed and is tried again, what is over, and headers that are none.
contract InboxRetryTest is World {
    function test_retry_refusesWhatDidNotFail() public {
        Wire.Parcel memory parcel = _send(ATTESTED);
        _on(away);
        _refusedRetry(parcel, abi.encodeWithSelector(IInbox.NotFailed.selector, keccak256(Wire.header(parcel.message))));
        _deliver(ATTESTED, 0, 1, WEAK);
        _refusedRetry(parcel, abi.encodeWithSelector(IInbox.AlreadyDelivered.selector, 0));
    }

    function test_retry_refusesAnotherPayload() public {
        Wire.Parcel memory parcel = _failOne();
        bytes32 expected = parcel.message.payloadHash;
        parcel.payload = "another";
        _refusedRetry(parcel, abi.encodeWithSelector(IInbox.WrongPayload.selector, expected, keccak256(parcel.payload)));
    }

    function test_retry_refusesLessGasThanTheSenderAskedFor() public {
        Wire.Parcel memory parcel = _failOne();
        diary.close(false);
        _on(away);
        vm.expectRevert(abi.encodeWithSelector(IInbox.LessGasThanSent.selector, 199_999, 200_000));
        away.inbox.retry(Wire.header(parcel.message), parcel.payload, 199_999, payee);
    }

    function test_retry_refusesAnyGasThatIsNotThere() public {
        Wire.Parcel memory parcel = _failOne();
        diary.close(false);
        uint256 wraps = type(uint256).max / 33 * 32 + 64; // with its 32nd part, just above 2^256
        uint256[4] memory limits = [uint256(1e12), type(uint256).max, type(uint256).max / 2, wraps];
        _on(away);
        for (uint256 i; i < 4; ++i) {
            vm.expectPartialRevert(IInbox.GasTooLow.selector);
            away.inbox.retry(Wire.header(parcel.message), parcel.payload, limits[i], payee);
        }
    }

    function test_retry_refusesOnceTheTimeIsOver() public {
        Message memory m = _message(ATTESTED);
        m.expiry = uint64(block.timestamp + 10);
        diary.close(true);
        Wire.Parcel memory parcel = _send(m, "");
        _deliver(ATTESTED, 0, 1, WEAK);
        diary.close(false);
        vm.warp(m.expiry + 1);
        _refusedRetry(parcel, abi.encodeWithSelector(IInbox.TimeOver.selector, m.expiry));
    }

    function test_retry_refusesWhenItFailsAgain() public {
        Wire.Parcel memory parcel = _failOne();
        _refusedRetry(parcel, abi.encodeWithSelector(IInbox.NoProgress.selector));
    }

    function test_retry_refusesWhenItsVerifiersFell() public {
        Wire.Parcel memory parcel = _failOne();
        diary.close(false);
        _on(away);
        vm.prank(guardian);
        away.guard.pauseVerifier(WEAK);
        bytes32 id = keccak256(Wire.header(parcel.message));
        _refusedRetry(parcel, abi.encodeWithSelector(IInbox.VerifiersFell.selector, id, 1 << WEAK));
        _deliver(ATTESTED, 0, 1, STRONG); // anew, on other evidence
        assertEq(diary.entries(), 1);
    }

    function test_retry_refusesWhatThePolicyRefuses() public {
        Wire.Parcel memory parcel = _failOne();
        diary.close(false);
        _on(away);
        vm.prank(address(diary));
        away.inbox.setPolicy(1 << STRONG);
        _refusedRetry(parcel, abi.encodeWithSelector(IInbox.PolicyRefuses.selector, address(diary), 1 << WEAK));
    }

    function test_retry_deliversWithMoreGasAndEarns() public {
        Message memory m = _message(ATTESTED);
        (m.gasLimit, m.fee) = (21_000, 5 gwei); // too little for the diary
        Wire.Parcel memory parcel = _send(m, "");
        _deliver(ATTESTED, 0, 1, WEAK);
        assertEq(_statuses(ATTESTED, 0), 0);
        bytes32 id = keccak256(Wire.header(parcel.message));
        assertEq(away.inbox.failed(id), 1);

        _on(away);
        vm.recordLogs();
        away.inbox.retry(Wire.header(parcel.message), parcel.payload, 500_000, alice);
        _observeReceipts(ATTESTED);
        assertEq(diary.entries(), 1);
        assertEq(_statuses(ATTESTED, 0), 1);
        assertEq(away.inbox.failed(id), 0);
        assertEq(receiptsOf[ATTESTED][0].payee, alice);
        assertEq(receiptsOf[ATTESTED][0].fees, 5 gwei);
    }

    function test_expire_refusesBeforeItsTimeAndWithoutOne() public {
        Message memory m = _message(SETTLED);
        m.expiry = uint64(block.timestamp + 10);
        bytes memory header = Wire.header(_send(m, "").message);
        _on(away);
        vm.warp(m.expiry);
        vm.expectRevert(abi.encodeWithSelector(IInbox.NotExpired.selector, m.expiry));
        away.inbox.expire(header);

        header = Wire.header(_send(SETTLED).message);
        _on(away);
        vm.expectRevert(abi.encodeWithSelector(IInbox.NotExpired.selector, 0));
        away.inbox.expire(header);
    }

    function test_expire_refusesADeliveredNonce() public {
        Message memory m = _message(ATTESTED);
        m.expiry = uint64(block.timestamp + 10);
        bytes memory header = Wire.header(_send(m, "").message);
        _deliver(ATTESTED, 0, 1, WEAK);
        vm.warp(m.expiry + 1);
        vm.expectRevert(abi.encodeWithSelector(IInbox.AlreadyDelivered.selector, 0));
        away.inbox.expire(header);
    }

    function test_expire_needsTheClockAlone() public {
        Message memory m = _message(SETTLED);
        m.expiry = uint64(block.timestamp + 10);
        m = _send(m, "").message;
        vm.warp(m.expiry + 1);
        vm.expectEmit(address(away.inbox));
        emit IInbox.Expired(keccak256(Wire.header(m)), _laneOf(SETTLED).log(), 0);
        _expire(m);
        assertEq(_statuses(SETTLED, 0), 0, "writes no status");
    }

    function test_headers_areRefusedUnlessTheyNameThisInbox() public {
        Wire.Parcel memory parcel = _send(ATTESTED);
        bytes memory header = Wire.header(parcel.message);
        _on(away);
        _refusedHeader(bytes.concat(header, hex"00"));
        _refusedHeader("");
        header[0] = 0x02; // version
        _refusedHeader(header);
        header[0] = 0x01;
        header[1] = 0x02; // an unknown flag
        _refusedHeader(header);
        header[1] = 0x00;
        header[18] = 0x1e; // destination
        _refusedHeader(header);
        header[18] = bytes1(uint8(away.id));
        header[66] = header[66] ^ 0x01; // inbox
        _refusedHeader(header);
    }

    function _failOne() private returns (Wire.Parcel memory parcel) {
        diary.close(true);
        parcel = _send(ATTESTED);
        _deliver(ATTESTED, 0, 1, WEAK);
    }

    function _refusedRetry(Wire.Parcel memory parcel, bytes memory reason) private {
        _on(away);
        vm.expectRevert(reason);
        away.inbox.retry(Wire.header(parcel.message), parcel.payload, parcel.message.gasLimit, payee);
    }

    function _refusedHeader(bytes memory header) private {
        vm.expectRevert(IInbox.BadHeader.selector);
        away.inbox.retry(header, "", 0, payee);
        vm.expectRevert(IInbox.BadHeader.selector);
        away.inbox.expire(header);
    }
}
