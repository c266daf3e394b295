// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ITokenBridge} from "../../src/interfaces/ITokenBridge.sol";
import {LockBridge} from "../../src/assets/LockBridge.sol";
import {TokenBridge} from "../../src/assets/TokenBridge.sol";
import {IInbox} from "../../src/interfaces/IInbox.sol";
import {Message} from "../../src/types/Message.sol";
import {Bridges, Coin} from "./Bridges.sol";

contract RefundTest is Bridges {
    function setUp() public {
        _deployBridges(new Coin(), 0);
        _fund(alice, 100);
    }

    /// @dev Several calls behind one, for `expectRevert`.
    function arrive(Sent memory sent) external {
        _arrive(true, sent);
    }

    // --- what it refuses

    function test_refund_revertsBeforeAReceiptSettledIt() public {
        Sent memory sent = _send(true, alice, bob, 100, _soon(), 0);
        vm.warp(sent.message.expiry + 1);
        _expire(home, away, sent);
        _on(home);

        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.NotExpired.selector, sent.message.id()));
        _refund(true, sent);
    }

    function test_refund_revertsTwice() public {
        Sent memory sent = _send(true, alice, bob, 60, _soon(), 0);
        _send(true, alice, bob, 40, _soon(), 0);
        _lapse(true, sent);
        _refund(true, sent);

        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.AlreadyRefunded.selector, sent.message.id()));
        _refund(true, sent);
        assertEq(coin.balanceOf(alice), 60);
    }

    function test_refund_revertsForAMadeUpHeader() public {
        Sent memory sent = _send(true, alice, bob, 100, _soon(), 0);
        _lapse(true, sent);
        sent.message.nonce += 1;

        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.NotExpired.selector, sent.message.id()));
        _refund(true, sent);
    }

    function test_refund_revertsForAnotherPayload() public {
        Sent memory sent = _send(true, alice, bob, 60, _soon(), 0);
        _lapse(true, sent);
        bytes memory more = abi.encode(_account(home, bob), abi.encodePacked(bob), 100);
        bytes32 expected = keccak256(sent.payload);
        sent.payload = more;

        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.WrongPayload.selector, expected, keccak256(more)));
        _refund(true, sent);
    }

    /// @dev A message of Alice's own, in the bridge's words, expires too: but the bridge never sent it.
    function test_refund_revertsForAnExpiredMessageOfAnother() public {
        _send(true, alice, bob, 100, _soon(), 0);
        bytes[] memory attributes = new bytes[](2);
        attributes[0] = abi.encodeWithSignature("assurance(uint8)", uint8(0));
        attributes[1] = abi.encodeWithSignature("expiry(uint64)", _soon());
        bytes memory payload = abi.encode(_account(home, bob), abi.encodePacked(bob), 100);
        _on(home);
        bytes memory to = _account(away, address(mint));
        vm.prank(bob);
        home.outbox.sendMessage(to, payload, attributes);
        Message memory message;
        message.sender = bob;
        message.recipient = address(mint);
        message.gasLimit = 200_000;
        message.expiry = _soon();
        Sent memory sent = _observe(home, away, message, payload);
        _lapse(true, sent);

        vm.expectRevert(ITokenBridge.NotOurMessage.selector);
        _refund(true, sent);
    }

    function test_refund_revertsForAHeaderOfAnotherLength() public {
        Sent memory sent = _send(true, alice, bob, 100, _soon(), 0);
        _lapse(true, sent);
        bytes memory long = bytes.concat(sent.message.encode(), hex"00");

        vm.expectRevert(ITokenBridge.NotOurMessage.selector);
        lock.refund(long, sent.payload);
    }

    /// @dev Delivered at the last second: the destination has no receipt "expired" to show, then or ever.
    function test_refund_neverFollowsADelivery() public {
        Sent memory sent = _send(true, alice, bob, 100, _soon(), 0);
        vm.warp(sent.message.expiry);
        _arrive(true, sent);
        vm.warp(sent.message.expiry + 1);

        vm.expectRevert(abi.encodeWithSelector(IInbox.AlreadyDelivered.selector, 0));
        _expire(home, away, sent);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.NotExpired.selector, sent.message.id()));
        _refund(true, sent);
    }

    function test_refund_isNeverFollowedByADelivery() public {
        Sent memory sent = _send(true, alice, bob, 100, _soon(), 0);
        _lapse(true, sent);
        _refund(true, sent);

        vm.expectRevert(IInbox.NoProgress.selector);
        this.arrive(sent);
        assertEq(xcoin.totalSupply(), 0);
        assertEq(coin.balanceOf(alice), 100);
    }

    // --- what it does

    function test_refund_releasesToTheSenderWhoeverAsks() public {
        Sent memory sent = _send(true, alice, bob, 100, _soon(), 0);
        _lapse(true, sent);

        vm.expectEmit(address(lock));
        emit ITokenBridge.TransferRefunded(sent.message.id(), alice, 100, 0);
        vm.prank(relayer);
        _refund(true, sent);

        assertEq(coin.balanceOf(alice), 100);
        assertEq(lock.remote(away.id).locked, 0);
        assertTrue(lock.refunded(sent.message.id()));
    }

    function test_refund_mintsBackWhatWasBurned() public {
        _bring(bob, 70);
        Sent memory sent = _send(false, bob, alice, 70, _soon(), 0);
        assertEq(xcoin.totalSupply(), 0);

        _lapse(false, sent);
        _refund(false, sent);

        assertEq(xcoin.balanceOf(bob), 70);
        assertEq(lock.remote(away.id).locked, 70);
    }

    function test_refund_isNotStoppedByAnyPause() public {
        Sent memory sent = _send(true, alice, bob, 100, _soon(), 0);
        _lapse(true, sent);
        _on(home);
        vm.startPrank(guardian);
        home.guard.pauseAsset(lock);
        home.guard.pauseLane(_lane(home, away, 0));
        home.guard.pauseVerifier(WEAK);
        vm.stopPrank();

        _refund(true, sent);

        assertEq(coin.balanceOf(alice), 100);
    }

    /// @dev With all of it paused, from the first step on, settled evidence still carries a transfer back.
    function test_refund_onSettledEvidenceComesThroughEveryPause() public {
        _deployBridges(new Coin(), 2);
        _fund(alice, 100);
        Sent memory sent = _send(true, alice, bob, 100, _soon(), 0);
        vm.startPrank(guardian);
        _on(away);
        away.guard.pauseAsset(mint);
        away.guard.pauseLane(_lane(home, away, 2));
        away.guard.pauseVerifier(STRONG);
        _on(home);
        home.guard.pauseAsset(lock);
        home.guard.pauseLane(_lane(home, away, 2));
        home.guard.pauseVerifier(STRONG);
        vm.stopPrank();

        _lapse(true, sent);
        _refund(true, sent);

        assertEq(coin.balanceOf(alice), 100);
    }

    function test_refund_givesTheFeeBackToo() public {
        Sent memory sent = _send(true, alice, bob, 100, _soon(), 7 gwei);
        _on(home);
        home.outbox.addFee{value: 3 gwei}(away.id, 0, sent.message.nonce);
        _lapse(true, sent);

        _refund(true, sent);
        assertEq(lock.feesOf(alice), 10 gwei, "fee and top-up");
        lock.claimFees(alice);

        assertEq(alice.balance, 10 gwei);
        assertEq(address(lock).balance, 0);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.NoFees.selector, alice));
        lock.claimFees(alice);
    }

    /// @dev Someone else may have fetched the bridge's credit from the Outbox, for several transfers at once.
    function test_claimFees_paysEachItsOwn() public {
        _fund(bob, 50);
        Sent memory first = _send(true, alice, bob, 100, _soon(), 7 gwei);
        Sent memory second = _send(true, bob, bob, 50, _soon(), 2 gwei);
        _lapse(true, first);
        _lapse(true, second);
        home.outbox.claimFor(address(lock));
        _refund(true, first);
        _refund(true, second);

        lock.claimFees(bob);
        assertEq(bob.balance, 2 gwei);
        lock.claimFees(alice);
        assertEq(alice.balance, 7 gwei);
    }

    function test_receive_takesWeiFromTheOutboxOnly() public {
        vm.deal(alice, 1);

        vm.expectRevert(ITokenBridge.NotOurMessage.selector);
        vm.prank(alice);
        (bool sent,) = address(lock).call{value: 1}("");
        assertTrue(sent, "expectRevert turns a revert into success");
    }
}
