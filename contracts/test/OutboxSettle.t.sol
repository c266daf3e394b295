// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";

import {IHeads} from "../src/interfaces/IHeads.sol";
import {IOutbox} from "../src/interfaces/IOutbox.sol";
import {Message} from "../src/types/Message.sol";
import {Reenterer} from "./core/Recipients.sol";
import {Wire} from "./core/Wire.sol";
import {World} from "./core/World.sol";

contract OutboxSettleTest is World {
    function test_settle_refusesReceiptsNobodyShowed() public {
        _delivered(SETTLED, 1, 1 gwei);
        bytes memory segment = _settlementOf(SETTLED, 0, 1);
        bytes32 log = _laneOf(SETTLED).receiptLog();
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IHeads.UnknownHead.selector, log, headsOf[log][1]));
        home.outbox.settle(segment, "");
    }

    function test_settle_refusesALaneThatIsNotOpen() public {
        bytes memory entry = Wire.unopened(Wire.Receipt(bytes32(uint256(1)), 0, 0, address(0), 0));
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.UnknownDestination.selector, 99));
        home.outbox.settle(bytes.concat(Wire.settlement(99, SETTLED, 0, 1, 0), entry), "");
        vm.expectRevert(abi.encodeWithSelector(IOutbox.UnknownDestination.selector, away.id));
        home.outbox.settle(bytes.concat(Wire.settlement(away.id, 3, 0, 1, 0), entry), "");
    }

    function test_settle_refusesANonceThatWasNotSent() public {
        _send(SETTLED);
        _forge(SETTLED, Wire.Receipt(0, 0, 2, payee, 0));
        _refused(SETTLED, 0, 1, STRONG, abi.encodeWithSelector(IOutbox.NotSent.selector, away.id, SETTLED, 1));
        _forge(SETTLED, Wire.Receipt(0, 7, 1 << 255, payee, 0));
        _refused(
            SETTLED, 1, 1, STRONG, abi.encodeWithSelector(IOutbox.NotSent.selector, away.id, SETTLED, 7 * 256 + 255)
        );
    }

    function test_settle_refusesToPayMoreThanTheLaneHolds() public {
        Message memory m = _message(ATTESTED);
        m.fee = 9 gwei;
        _send(m, ""); // another lane's escrow
        m = _message(SETTLED);
        m.fee = 5 gwei;
        _send(m, "");
        _forge(SETTLED, Wire.Receipt(0, 0, 1, payee, 6 gwei));
        _refused(SETTLED, 0, 1, STRONG, abi.encodeWithSelector(IOutbox.Overdrawn.selector, 6 gwei, 5 gwei));
    }

    function test_settle_neverOverstatesWhatIsLeft() public {
        Message memory m = _message(SETTLED);
        m.fee = 5 gwei;
        _send(m, "");
        _forge(SETTLED, Wire.Receipt(0, 0, 1, payee, 1 gwei + 1)); // no true receipt has a part of a gwei
        _settle(SETTLED, 0, 1, STRONG);
        assertEq(_escrow(SETTLED), 3 gwei);
    }

    function test_settle_creditsWhoeverTheReceiptNames() public {
        _delivered(SETTLED, 3, 2 gwei);
        vm.expectEmit(address(home.outbox));
        emit IOutbox.Settled(_place(SETTLED, 0), 7, payee, 6 gwei);
        _settle(SETTLED, 0, 1, STRONG);
        assertEq(home.outbox.credit(payee), 6 gwei);
        assertEq(home.outbox.settled(away.id, SETTLED, 0), 7);
        assertEq(_escrow(SETTLED), 0);
    }

    function test_settle_joinsReceiptsOfOnePayee() public {
        for (uint256 i; i < 5; ++i) {
            _sendWithFee(SETTLED, uint96(i) * 1 gwei);
        }
        for (uint256 i; i < 5; ++i) {
            _deliver(SETTLED, i, 1, STRONG);
        }
        vm.expectEmit(address(home.outbox));
        emit IOutbox.Settled(_place(SETTLED, 0), 0x1f, payee, 10 gwei);
        _settle(SETTLED, 0, 5, STRONG);
        assertEq(home.outbox.credit(payee), 10 gwei);
    }

    function test_settle_walksPagesAndPayees() public {
        for (uint256 i; i < 258; ++i) {
            _sendWithFee(ATTESTED, 1 gwei);
        }
        _deliver(ATTESTED, 250, 8, WEAK); // two receipts, two pages
        address first = payee;
        payee = alice;
        _deliver(ATTESTED, 0, 250, WEAK);
        _settle(ATTESTED, 0, 3, WEAK);
        assertEq(home.outbox.settled(away.id, ATTESTED, 0), type(uint256).max);
        assertEq(home.outbox.settled(away.id, ATTESTED, 1), 3);
        assertEq(home.outbox.credit(first), 8 gwei);
        assertEq(home.outbox.credit(alice), 250 gwei);
        assertEq(_escrow(ATTESTED), 0);
    }

    function test_settle_readsEveryFormOfABitmap() public {
        for (uint256 i; i < 9; ++i) {
            _sendWithFee(SETTLED, 1 gwei);
        }
        uint256[3] memory forms = [uint256(1 << 3), 0x70, 0x105]; // one, a run, scattered
        for (uint256 i; i < 3; ++i) {
            _forge(SETTLED, Wire.Receipt(0, 0, forms[i], payee, 1 gwei));
        }
        _settle(SETTLED, 0, 3, STRONG);
        assertEq(home.outbox.settled(away.id, SETTLED, 0), 0x17d);
    }

    function test_settle_passesOverWhatIsLeftUnopened() public {
        _delivered(SETTLED, 1, 2 gwei);
        _sendWithFee(SETTLED, 3 gwei);
        _deliver(SETTLED, 1, 1, STRONG);
        bytes32 log = _laneOf(SETTLED).receiptLog();
        Wire.Receipt memory none;
        bytes memory segment = abi.encodePacked(
            Wire.settlement(away.id, SETTLED, 0, 2, log),
            Wire.unopened(receiptsOf[SETTLED][0]),
            Wire.deliveredEntry(receiptsOf[SETTLED][1], none)
        );
        bytes memory evidence = _receiptEvidence(SETTLED, 2, STRONG);
        _on(home);
        home.outbox.settle(segment, evidence);
        assertEq(home.outbox.settled(away.id, SETTLED, 0), 2);
        assertEq(home.outbox.credit(payee), 3 gwei);
    }

    function test_settle_paysTopUpsWithTheFee() public {
        _delivered(SETTLED, 3, 2 gwei);
        _addFee(SETTLED, 1, 5 gwei);
        _addFee(SETTLED, 1, 1 gwei);
        _addFee(SETTLED, 2, 7 gwei);
        _settle(SETTLED, 0, 1, STRONG);
        assertEq(home.outbox.credit(payee), 19 gwei);
        assertEq(home.outbox.topUp(away.id, SETTLED, 1), 0);
        assertEq(_escrow(SETTLED), 0);

        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.AlreadySettled.selector, away.id, SETTLED, 1));
        home.outbox.addFee{value: 1 gwei}(away.id, SETTLED, 1);
    }

    function test_settle_refundsAnExpiredMessageToItsSender() public {
        Message memory m = _expired(SETTLED, 4 gwei);
        _addFee(SETTLED, 0, 3 gwei);
        bytes32 id = keccak256(Wire.header(m));
        vm.expectEmit(address(home.outbox));
        emit IOutbox.Refunded(id, _place(SETTLED, 0), alice, 7 gwei);
        _settle(SETTLED, 0, 1, STRONG);
        assertTrue(home.outbox.expired(id));
        assertEq(home.outbox.credit(alice), 7 gwei);
        assertEq(home.outbox.settled(away.id, SETTLED, 0), 1);
        assertEq(_escrow(SETTLED), 0);
    }

    function test_settle_refundsFromAFullPageByItsPageHead() public {
        Message memory m = _message(SETTLED);
        (m.expiry, m.fee) = (uint64(block.timestamp + 5), 4 gwei);
        for (uint256 i; i < 250; ++i) {
            _send(SETTLED);
        }
        m = _send(m, "").message;
        for (uint256 i; i < 20; ++i) {
            _send(SETTLED);
        }
        vm.warp(m.expiry + 1);
        _expire(m);
        _settle(SETTLED, 0, 1, STRONG);
        assertTrue(home.outbox.expired(keccak256(Wire.header(m))));
    }

    function test_settle_refundsFromTheOpenPageOnlyByTheLanesHead() public {
        Message memory m = _expired(SETTLED, 0);
        bytes memory segment = _settlementOf(SETTLED, 0, 1); // made before the next message
        _send(SETTLED);
        bytes memory evidence = _receiptEvidence(SETTLED, 1, STRONG);
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.NotOnLog.selector, keccak256(Wire.header(m))));
        home.outbox.settle(segment, evidence);
        _settle(SETTLED, 0, 1, STRONG); // with the next id
    }

    function test_settle_takesDeliveredAndExpiredOfOnePageTogether() public {
        _delivered(SETTLED, 2, 1 gwei);
        Message memory m = _message(SETTLED);
        (m.expiry, m.fee) = (uint64(block.timestamp + 5), 4 gwei);
        m = _send(m, "").message;
        _sendWithFee(SETTLED, 2 gwei);
        _deliver(SETTLED, 3, 1, STRONG);
        vm.warp(m.expiry + 1);
        _expire(m);
        _settle(SETTLED, 0, 3, STRONG);
        assertEq(home.outbox.settled(away.id, SETTLED, 0), 0xf);
        assertEq(home.outbox.credit(payee), 4 gwei);
        assertEq(home.outbox.credit(alice), 4 gwei);
    }

    function test_claim_paysTheWholeCreditOnce() public {
        _delivered(SETTLED, 1, 2 gwei);
        _settle(SETTLED, 0, 1, STRONG);
        address to = makeAddr("to");
        vm.expectEmit(address(home.outbox));
        emit IOutbox.Claimed(payee, to, 2 gwei);
        vm.prank(payee);
        home.outbox.claim(to);
        assertEq(to.balance, 2 gwei);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.NoCredit.selector, payee));
        home.outbox.claimFor(payee);
    }

    function test_claimFor_paysTheAccountItself() public {
        _delivered(SETTLED, 1, 2 gwei);
        _settle(SETTLED, 0, 1, STRONG);
        home.outbox.claimFor(payee);
        assertEq(payee.balance, 2 gwei);
    }

    function test_claim_keepsTheCreditWhenTheAccountCannotBePaid() public {
        payee = address(diary); // takes no value
        _delivered(SETTLED, 1, 2 gwei);
        _settle(SETTLED, 0, 1, STRONG);
        vm.expectRevert(Errors.FailedCall.selector);
        home.outbox.claimFor(payee);
        assertEq(home.outbox.credit(payee), 2 gwei);
    }

    function test_claim_paysOnceToAPayeeThatComesBackForMore() public {
        Reenterer greedy = new Reenterer();
        greedy.aim(address(home.outbox), abi.encodeCall(IOutbox.claimFor, address(greedy)));
        payee = address(greedy);
        _delivered(SETTLED, 1, 2 gwei);
        _sendWithFee(SETTLED, 100 gwei); // more in the contract than the credit
        _settle(SETTLED, 0, 1, STRONG);
        home.outbox.claimFor(payee);
        assertEq(payee.balance, 2 gwei);
        assertFalse(greedy.success());
        assertEq(greedy.answer(), abi.encodeWithSelector(IOutbox.NoCredit.selector, payee));
    }

    function _delivered(uint8 assurance, uint256 count, uint96 fee) private {
        for (uint256 i; i < count; ++i) {
            _sendWithFee(assurance, fee);
        }
        _deliver(assurance, 0, count, STRONG);
    }

    function _expired(uint8 assurance, uint96 fee) private returns (Message memory m) {
        m = _message(assurance);
        (m.expiry, m.fee) = (uint64(block.timestamp + 5), fee);
        m = _send(m, "").message;
        vm.warp(m.expiry + 1);
        _expire(m);
    }

    function _sendWithFee(uint8 assurance, uint96 fee) private {
        Message memory m = _message(assurance);
        m.fee = fee;
        _send(m, "");
    }

    function _addFee(uint8 assurance, uint64 nonce, uint256 amount) private {
        _on(home);
        vm.prank(alice);
        home.outbox.addFee{value: amount}(away.id, assurance, nonce);
    }

    /// @dev A receipt that no inbox made: what false evidence could show.
    function _forge(uint8 assurance, Wire.Receipt memory r) private {
        receiptsOf[assurance].push(r);
        _append(_laneOf(assurance).receiptLog(), keccak256(Wire.entry(r)));
    }

    function _refused(uint8 assurance, uint256 first, uint256 count, uint8 number, bytes memory reason) private {
        bytes memory segment = _settlementOf(assurance, first, count);
        bytes memory evidence = _receiptEvidence(assurance, first + count, number);
        _on(home);
        vm.expectRevert(reason);
        home.outbox.settle(segment, evidence);
    }

    function _place(uint8 assurance, uint64 nonce) private view returns (uint256) {
        return uint256(away.id) << 72 | uint256(assurance) << 64 | nonce;
    }
}
