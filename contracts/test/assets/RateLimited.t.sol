// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IInbox} from "../../src/interfaces/IInbox.sol";
import {ITokenBridge} from "../../src/interfaces/ITokenBridge.sol";
import {Bridges, Coin} from "./Bridges.sol";

/// @notice Limits on net value, over the whole walk. Capacity 1000 coins, in a window of 1000 seconds: one coin a second.
contract RateLimitedTest is Bridges {
    uint256 private constant COIN = 1e18;

    function setUp() public {
        _deployBridges(new Coin(), 0);
        _fund(alice, 10_000 * COIN);
    }

    function _out(uint256 coins) private returns (Sent memory) {
        return _send(true, alice, alice, coins * COIN, _soon(), 0);
    }

    function _back(uint256 coins) private returns (Sent memory) {
        return _send(false, alice, alice, coins * COIN, _soon(), 0);
    }

    // --- how limits are set

    function test_setLimit_revertsForStrangersUnlinkedChainsAndZeros() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian));
        vm.prank(guardian);
        lock.setLimit(away.id, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.NotLinked.selector, 30));
        lock.setLimit(30, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadLimit.selector, 0, 1));
        lock.setLimit(away.id, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadLimit.selector, 1, 0));
        lock.setLimit(away.id, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.BadLimit.selector, 1e30 + 1, 1));
        lock.setLimit(away.id, 1e30 + 1, 1);
    }

    function test_setLimit_keepsWhatHasComeIn() public {
        _arrive(true, _out(600));

        _on(away);
        mint.setLimit(home.id, 700e18, WINDOW);

        assertEq(mint.room(home.id), 100 * COIN);
    }

    function test_setLimit_mayLimitNothing() public {
        mint.setLimit(home.id, mint.UNLIMITED(), WINDOW);

        _arrive(true, _out(10_000));

        assertEq(xcoin.balanceOf(alice), 10_000 * COIN);
        assertEq(mint.remote(home.id).used, 0, "nothing is counted where nothing is limited");
    }

    // --- over the limit: parked, then one clock decides

    function test_limit_saysValueRoomAndWhenItFits() public {
        _arrive(true, _out(600));
        Sent memory sent = _out(500);
        bytes memory reason = abi.encodeWithSelector(
            ITokenBridge.LimitExceeded.selector, home.id, 500 * COIN, 400 * COIN, vm.getBlockTimestamp() + 100
        );

        vm.expectEmit(address(away.inbox));
        emit IInbox.Failed(sent.message.id(), 1, reason);
        _arrive(true, sent);
    }

    function test_limit_parksATransferUntilItFits() public {
        _arrive(true, _out(600));
        Sent memory sent = _out(500);
        _arrive(true, sent);
        assertEq(xcoin.balanceOf(alice), 600 * COIN);

        vm.warp(vm.getBlockTimestamp() + 99);
        _on(away);
        vm.expectRevert(IInbox.NoProgress.selector);
        away.inbox.retry(sent.message.encode(), sent.payload, GAS, relayer);
        vm.warp(vm.getBlockTimestamp() + 1);
        _retry(home, away, sent);

        assertEq(xcoin.balanceOf(alice), 1100 * COIN);
        vm.warp(sent.message.expiry + 1);
        vm.expectRevert(abi.encodeWithSelector(IInbox.AlreadyDelivered.selector, 1));
        away.inbox.expire(sent.message.encode());
    }

    function test_limit_refundsAParkedTransferThatExpired() public {
        _arrive(true, _out(600));
        Sent memory sent = _out(500);
        _arrive(true, sent);

        _lapse(true, sent);
        _refund(true, sent);

        assertEq(coin.balanceOf(alice), 9400 * COIN);
        _on(away);
        vm.expectRevert(abi.encodeWithSelector(IInbox.TimeOver.selector, sent.message.expiry));
        away.inbox.retry(sent.message.encode(), sent.payload, GAS, relayer);
    }

    function test_limit_neverFitsMoreThanTheCapacity() public {
        Sent memory sent = _out(1001);
        bytes memory reason = abi.encodeWithSelector(
            ITokenBridge.LimitExceeded.selector, home.id, 1001 * COIN, 1000 * COIN, type(uint256).max
        );

        vm.expectEmit(address(away.inbox));
        emit IInbox.Failed(sent.message.id(), 1, reason);
        _arrive(true, sent);
    }

    function test_limit_holdsAtHomeToo() public {
        _arrive(true, _out(1000));
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        _arrive(true, _out(1000));
        vm.warp(vm.getBlockTimestamp() + WINDOW);

        _arrive(false, _back(1000));
        _arrive(false, _back(1));

        assertEq(coin.balanceOf(alice), 9000 * COIN);
        assertEq(lock.room(away.id), 0);
    }

    // --- net value

    function test_limit_isNotFilledByRoundTrips() public {
        for (uint256 i; i < 5; ++i) {
            _arrive(true, _out(1000));
            _arrive(false, _back(1000));
        }

        assertEq(coin.balanceOf(alice), 10_000 * COIN);
        assertEq(mint.room(home.id), 1000 * COIN);
    }

    function testFuzz_limit_countsInLessOut(uint256 in_, uint256 out_, uint256 wait) public {
        in_ = bound(in_, 1, 1000);
        out_ = bound(out_, 1, in_);
        wait = bound(wait, 0, 2000);

        _arrive(true, _out(in_));
        vm.warp(vm.getBlockTimestamp() + wait);
        _back(out_);

        uint256 used = in_ > wait + out_ ? in_ - wait - out_ : 0;
        assertEq(mint.room(home.id), (1000 - used) * COIN);
    }

    // --- refunds count, but come to pass

    function test_refund_countsAsValueThatComesIn() public {
        Sent memory sent = _out(900);
        _lapse(true, sent);

        _refund(true, sent);

        assertEq(lock.room(away.id), 100 * COIN);
    }

    function test_refund_onSettledEvidenceIsNeverLimited() public {
        _deployBridges(new Coin(), 2);
        _fund(alice, 5000 * COIN);
        Sent memory a = _out(2000);
        Sent memory b = _out(3000);
        _lapse(true, a);
        _lapse(true, b);

        _refund(true, a);
        _refund(true, b);

        assertEq(coin.balanceOf(alice), 5000 * COIN);
        assertEq(lock.room(away.id), 0);
    }

    /// @dev Attesters could sign receipts for what was delivered: what that lets out in one window is a capacity and one
    /// transfer, not all that was ever sent.
    function test_refund_onWeakerEvidenceWaitsWhileOverdrawn() public {
        Sent memory a = _out(2000);
        Sent memory b = _out(3000);
        _lapse(true, a);
        _lapse(true, b);
        _refund(true, a);
        uint256 fits = vm.getBlockTimestamp() + 1000;

        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.LimitExceeded.selector, away.id, 3000 * COIN, 0, fits));
        _refund(true, b);
        vm.warp(fits - 1);
        vm.expectRevert(abi.encodeWithSelector(ITokenBridge.LimitExceeded.selector, away.id, 3000 * COIN, 0, fits));
        _refund(true, b);
        vm.warp(fits);
        _refund(true, b);

        assertEq(coin.balanceOf(alice), 10_000 * COIN);
    }

    /// @dev Send, let expire, be refunded: no way to empty the bucket for a forger.
    function test_refund_givesBackTheRoomThatItsTransferMade() public {
        _arrive(true, _out(1000));
        _arrive(false, _back(1000));
        assertEq(lock.room(away.id), 0);
        Sent memory sent = _out(1000);
        assertEq(lock.room(away.id), 1000 * COIN);

        vm.warp(sent.message.expiry + 1);
        _lapse(true, sent);
        _refund(true, sent);

        assertEq(lock.room(away.id), 0);
    }

    // --- a forger who holds every attester's key

    /// @dev Transfers that nobody sent, well signed.
    function test_limit_boundsWhatForgedTransfersMint() public {
        for (uint256 i; i < 3; ++i) {
            _arrive(true, _forge(1000));
        }
        assertEq(xcoin.totalSupply(), 1000 * COIN, "one capacity at once");

        vm.warp(vm.getBlockTimestamp() + WINDOW);
        for (uint256 i; i < 3; ++i) {
            _arrive(true, _forge(1000));
        }
        assertEq(xcoin.totalSupply(), 2000 * COIN, "one more a window");
    }

    /// @dev Receipts "expired" for what was delivered, well signed.
    function test_limit_boundsWhatForgedReceiptsRefund() public {
        Sent[] memory sent = new Sent[](3);
        for (uint256 i; i < 3; ++i) {
            sent[i] = _out(1000);
            _arrive(true, sent[i]);
            vm.warp(vm.getBlockTimestamp() + WINDOW);
        }
        bytes32 receipts = _lane(home, away, 0).receiptLog();
        for (uint256 i; i < 3; ++i) {
            _append(receipts, keccak256(abi.encodePacked(uint8(0x82), sent[i].message.id())));
            _settleExpired(home, away, sent[i], WEAK);
        }

        _refund(true, sent[0]);
        _refund(true, sent[1]);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITokenBridge.LimitExceeded.selector, away.id, 1000 * COIN, 0, vm.getBlockTimestamp() + WINDOW
            )
        );
        _refund(true, sent[2]);

        assertEq(coin.balanceOf(alice), 9000 * COIN, "one capacity, and one transfer beyond");
    }

    function _forge(uint256 coins) private returns (Sent memory sent) {
        bytes32 log = _lane(home, away, 0).log();
        sent.payload = abi.encode(_account(home, alice), abi.encodePacked(bob), coins * COIN);
        sent.message.origin = home.id;
        sent.message.destination = away.id;
        sent.message.outbox = address(home.outbox);
        sent.message.inbox = address(away.inbox);
        sent.message.sender = address(lock);
        sent.message.recipient = address(mint);
        sent.message.gasLimit = GAS;
        sent.message.nonce = uint64(entriesOf[log].length);
        sent.message.payloadHash = keccak256(sent.payload);
        _append(log, sent.message.id());
    }
}
