// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {TokenBridge} from "../../src/assets/TokenBridge.sol";
import {Bridges, Coin} from "./Bridges.sol";

/// @notice Random walks of transfers over both chains: sent, delivered late or never, parked, retried, expired, settled, refunded,
/// paused. Every action is one that anyone, or the guardian, could take; what the contracts refuse is a walk's end,
/// never its failure.
contract Traveller is Bridges {
    struct Trip {
        bool outward;
        address from;
        uint256 amount;
        bool lapsed;
        Sent sent;
    }

    uint256 public constant FUNDS = 3000e18;

    Trip[] private _trips;
    address[2] private _users;
    /// @dev How often each thing came to pass, so that a walk that does nothing is seen.
    uint256 public delivered;
    uint256 public refunds;

    constructor() {
        _deployBridges(new Coin(), 0);
        _users = [alice, bob];
        for (uint256 i; i < 2; ++i) {
            _fund(_users[i], FUNDS);
            vm.prank(_users[i]);
            coin.approve(address(lock), type(uint256).max);
        }
    }

    function send(uint256 seed, bool outward, uint256 amount, uint64 life) external {
        address from = _users[seed % 2];
        uint256 held = outward ? coin.balanceOf(from) : xcoin.balanceOf(from);
        if (held == 0 || (outward ? lock.paused() : mint.paused())) return;
        amount = bound(amount, 1, held);
        uint64 expiry = uint64(vm.getBlockTimestamp() + bound(life, 1, 2 hours));

        Sent memory sent = _send(outward, from, _users[(seed >> 8) % 2], amount, expiry, 0);
        Trip storage trip = _trips.push();
        trip.outward = outward;
        trip.from = from;
        trip.amount = amount;
        trip.sent = sent;
    }

    function deliver(uint256 seed) external {
        if (_trips.length == 0) return;
        Trip storage trip = _trips[seed % _trips.length];
        if (_isDelivered(trip)) return;
        try this.arrive(trip.outward, trip.sent) {
            if (_isDelivered(trip)) ++delivered;
        } catch {} // expired
    }

    function retry(uint256 seed) external {
        if (_trips.length == 0) return;
        Trip storage trip = _trips[seed % _trips.length];
        try this.again(trip.outward, trip.sent) {
            ++delivered;
        } catch {} // not failed, expired, or still over the limit
    }

    function lapse(uint256 seed) external {
        if (_trips.length == 0) return;
        Trip storage trip = _trips[seed % _trips.length];
        if (trip.lapsed || _isDelivered(trip)) return;
        _lapse(trip.outward, trip.sent);
        trip.lapsed = true;
    }

    function refund(uint256 seed) external {
        if (_trips.length == 0) return;
        Trip storage trip = _trips[seed % _trips.length];
        try this.giveBack(trip.outward, trip.sent) {
            ++refunds;
        } catch {} // not expired, done before, or overdrawn
    }

    function pass(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + bound(time, 1, 1 hours));
    }

    function pause(bool atHome) external {
        vm.prank(guardian);
        if (atHome) home.guard.pauseAsset(lock);
        else away.guard.pauseAsset(mint);
    }

    function resume() external {
        lock.resume();
        mint.resume();
    }

    // --- several calls behind one, so that a refusal undoes all of it

    function arrive(bool outward, Sent calldata sent) external {
        _arrive(outward, sent);
    }

    function again(bool outward, Sent calldata sent) external {
        if (outward) _retry(home, away, sent);
        else _retry(away, home, sent);
    }

    function giveBack(bool outward, Sent calldata sent) external {
        _refund(outward, sent);
    }

    // --- what an observer of both chains can count

    /// @dev Sent and neither received nor refunded.
    function inFlight(bool outward) public view returns (uint256 sum) {
        for (uint256 i; i < _trips.length; ++i) {
            Trip storage trip = _trips[i];
            if (trip.outward == outward && !_isDelivered(trip) && !_isRefunded(trip)) sum += trip.amount;
        }
    }

    function bothReceivedAndRefunded() external view returns (uint256 count) {
        for (uint256 i; i < _trips.length; ++i) {
            if (_isDelivered(_trips[i]) && _isRefunded(_trips[i])) ++count;
        }
    }

    function locked() external view returns (uint256) {
        return lock.remote(away.id).locked;
    }

    function held() external view returns (uint256) {
        return coin.balanceOf(address(lock));
    }

    function minted() external view returns (uint256) {
        return xcoin.totalSupply();
    }

    function usersHold() external view returns (uint256) {
        return coin.balanceOf(alice) + coin.balanceOf(bob) + xcoin.balanceOf(alice) + xcoin.balanceOf(bob);
    }

    function _isDelivered(Trip storage trip) private view returns (bool) {
        return trip.outward ? _delivered(home, away, trip.sent) : _delivered(away, home, trip.sent);
    }

    function _isRefunded(Trip storage trip) private view returns (bool) {
        return (trip.outward ? TokenBridge(lock) : TokenBridge(mint)).refunded(trip.sent.message.id());
    }
}

contract BackingTest is Test {
    Traveller private traveller;

    function setUp() public {
        traveller = new Traveller();
        bytes4[] memory actions = new bytes4[](8);
        actions[0] = Traveller.send.selector;
        actions[1] = Traveller.deliver.selector;
        actions[2] = Traveller.retry.selector;
        actions[3] = Traveller.lapse.selector;
        actions[4] = Traveller.refund.selector;
        actions[5] = Traveller.pass.selector;
        actions[6] = Traveller.pause.selector;
        actions[7] = Traveller.resume.selector;
        targetContract(address(traveller));
        targetSelector(FuzzSelector({addr: address(traveller), selectors: actions}));
    }

    /// @custom:invariant Minted on a remote, and in flight to or from it, is what is locked for it at home.
    function invariant_everyCoinIsBacked() public view {
        assertEq(traveller.minted() + traveller.inFlight(true) + traveller.inFlight(false), traveller.locked());
        assertEq(traveller.locked(), traveller.held());
    }

    /// @custom:invariant No walk makes the users richer, or poorer by more than is in flight.
    function invariant_nobodyGains() public view {
        assertEq(traveller.usersHold() + traveller.inFlight(true) + traveller.inFlight(false), 2 * traveller.FUNDS());
    }

    /// @custom:invariant A transfer is received or refunded, never both.
    function invariant_aTransferEndsOnce() public view {
        assertEq(traveller.bothReceivedAndRefunded(), 0);
    }

    /// @dev The walks get somewhere: one by hand, through the same actions.
    function test_walk_reachesEveryEnd() public {
        traveller.send(0, true, 1000e18, 600);
        traveller.deliver(0);
        traveller.send(0, false, 400e18, 600);
        traveller.deliver(1);
        traveller.send(1, true, 900e18, 600);
        traveller.deliver(2); // over the limit of 1000 less 400: parked
        traveller.pause(true);
        traveller.lapse(2);
        traveller.refund(2);
        traveller.resume();
        traveller.send(1, true, 700e18, 2 hours);
        traveller.deliver(3);

        assertEq(traveller.delivered(), 3);
        assertEq(traveller.refunds(), 1);
        invariant_everyCoinIsBacked();
        invariant_nobodyGains();
    }
}
