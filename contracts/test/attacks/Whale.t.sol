// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bridges, Coin} from "../assets/Bridges.sol";

/// @notice Much money, sent and let expire, to keep others out. Capacity 1000 coins, in a window of 1000 seconds.
contract WhaleTest is Bridges {
    uint256 private constant COIN = 1e18;

    function setUp() public {
        _deployBridges(new Coin(), 2);
        _fund(alice, 30_000 * COIN);
        _fund(bob, 100 * COIN);
    }

    /// @dev Thirty capacities, at once or in thirty parts: on settled evidence no refund waits, and what comes in waits for
    /// one window behind them, not for thirty.
    function test_hugeRefundsKeepOthersOutForOneWindow() public {
        _arrive(true, _send(true, bob, bob, 100 * COIN, _soon(), 0));
        Sent memory back = _send(false, bob, bob, 100 * COIN, _soon() + 1 days, 0);
        _thereAndBack(15_000);
        for (uint256 i; i < 15; ++i) {
            _thereAndBack(1000);
        }
        assertEq(lock.room(away.id), 0);

        vm.warp(vm.getBlockTimestamp() + WINDOW);
        _arrive(false, back);

        assertEq(coin.balanceOf(bob), 100 * COIN);
    }

    /// @dev A full bucket is as full after a transfer that expired as before it.
    function test_aTransferThatExpiredMakesNoRoom() public {
        _thereAndBack(1000);
        assertEq(lock.room(away.id), 0);

        uint256 start = vm.getBlockTimestamp();
        _thereAndBack(30_000);

        assertEq(lock.room(away.id), 0);
        assertEq(vm.getBlockTimestamp(), start + 2);
    }

    /// @dev A lowered capacity forgives nothing that came in before, by no refund.
    function test_aRefundEmptiesNoBucketWhoseCapacityWasLowered() public {
        _thereAndBack(1000);
        lock.setLimit(away.id, 10e18, WINDOW);

        _thereAndBack(1);

        assertGt(lock.remote(away.id).used, 900 * COIN);
    }

    function _thereAndBack(uint256 coins) private {
        Sent memory sent = _send(true, alice, alice, coins * COIN, uint64(vm.getBlockTimestamp()) + 1, 0);
        vm.prank(alice);
        coin.approve(address(lock), type(uint256).max);
        _lapse(true, sent);
        _refund(true, sent);
    }
}
