// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {RateLimit} from "../../src/libraries/RateLimit.sol";
import {newLink, RemoteBooks, RemoteLink} from "../../src/types/Remote.sol";

contract RateLimitTest is Test {
    using RateLimit for RemoteBooks;

    function _limit(uint256 capacity, uint256 window) private pure returns (RemoteLink link) {
        bool exact;
        (exact, link) = newLink(address(1), false).withLimit(uint112(capacity), uint32(window));
        assertTrue(exact, "no round number");
    }

    /// @dev A round number of any size, from two random ones.
    function _round(uint48 mantissa, uint8 zeros) private pure returns (uint256) {
        return bound(mantissa, 1, type(uint48).max) * 10 ** bound(zeros, 0, 18);
    }

    function _used(uint256 used, uint256 since) private pure returns (RemoteBooks) {
        return RemoteBooks.wrap(0).withUsed(used, since);
    }

    function test_leak_emptiesAFullBucketInOneWindow() public pure {
        (uint256 half,) = _used(1000, 0).leak(_limit(1000, 100), 50);
        (uint256 none, uint256 time) = _used(1000, 0).leak(_limit(1000, 100), 100);

        assertEq(half, 500);
        assertEq(none, 0);
        assertEq(time, 100);
    }

    /// @dev 3 units in 100 seconds: a reading each second must not keep the fractions from adding up. Each unit takes 34
    /// seconds then, not 33 1/3.
    function test_leak_goesOnUnderFrequentReadings() public pure {
        uint256 level = 3;
        uint256 time = 0;

        for (uint256 now_ = 1; now_ <= 102; ++now_) {
            (level, time) = _used(level, time).leak(_limit(3, 100), now_);
        }

        assertEq(level, 0);
    }

    function test_fitsAt_isNeverForMoreThanTheCapacity() public pure {
        assertEq(RateLimit.fitsAt(1001, 0, 7, _limit(1000, 100)), type(uint256).max);
        assertEq(RateLimit.fitsAt(1000, 0, 7, _limit(1000, 100)), 7);
    }

    /// @dev `fitsAt` is the first second at which the value fits: not one second earlier.
    function testFuzz_fitsAt_isTheFirstSecondThatFits(
        uint48 digits,
        uint8 zeros,
        uint32 window,
        uint112 used,
        uint112 value
    ) public pure {
        RemoteLink link = _limit(_round(digits, zeros), bound(window, 1, type(uint32).max / 4));
        uint256 most = link.capacity();
        used = uint112(bound(used, 0, 2 * most < type(uint112).max ? 2 * most : type(uint112).max));
        value = uint112(bound(value, 1, most));
        vm.assume(uint256(used) + value > most);

        uint256 time = RateLimit.fitsAt(value, used, 1000, link);
        (uint256 then,) = _used(used, 1000).leak(link, time);
        (uint256 before,) = _used(used, 1000).leak(link, time - 1);

        assertLe(then + value, most);
        assertGt(before + value, most);
    }

    /// @dev A send takes off without reading the leak; it must come to the same as leaking first.
    function testFuzz_give_commutesWithTheLeak(
        uint112 used,
        uint112 out,
        uint48 digits,
        uint8 zeros,
        uint32 window,
        uint32 dt
    ) public pure {
        RemoteLink link = _limit(_round(digits, zeros), bound(window, 1, type(uint32).max));

        (uint256 leakedFirst,) = _used(used, 5).leak(link, 5 + uint256(dt));
        leakedFirst = leakedFirst > out ? leakedFirst - out : 0;
        (uint256 outFirst,) = _used(used, 5).give(out).leak(link, 5 + uint256(dt));

        assertEq(outFirst, leakedFirst);
    }

    /// @dev Reading in between never makes the bucket emptier, nor fuller by more than what leaks in a second.
    function testFuzz_leak_doesNotDependOnReadings(
        uint112 used,
        uint48 digits,
        uint8 zeros,
        uint32 window,
        uint32 a,
        uint32 b
    ) public pure {
        RemoteLink link = _limit(_round(digits, zeros), bound(window, 1, type(uint32).max));
        a = uint32(bound(a, 0, type(uint32).max / 2));
        b = uint32(bound(b, 0, type(uint32).max / 2));

        (uint256 once,) = _used(used, 0).leak(link, uint256(a) + b);
        (uint256 half, uint256 time) = _used(used, 0).leak(link, a);
        (uint256 twice,) = _used(half, time).leak(link, uint256(a) + b);

        assertGe(twice, once);
        assertLe(twice - once, link.capacity() / link.window() + 1);
    }
}
