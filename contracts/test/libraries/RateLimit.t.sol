// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {RateLimit} from "../../src/libraries/RateLimit.sol";

contract RateLimitTest is Test {
    function test_leak_emptiesAFullBucketInOneWindow() public pure {
        (uint256 half,) = RateLimit.leak(1000, 0, 50, 1000, 100);
        (uint256 none, uint256 time) = RateLimit.leak(1000, 0, 100, 1000, 100);

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
            (level, time) = RateLimit.leak(level, time, now_, 3, 100);
        }

        assertEq(level, 0);
    }

    function test_fitsAt_isNeverForMoreThanTheCapacity() public pure {
        assertEq(RateLimit.fitsAt(1001, 0, 7, 1000, 100), type(uint256).max);
        assertEq(RateLimit.fitsAt(1000, 0, 7, 1000, 100), 7);
    }

    /// @dev `fitsAt` is the first second at which the value fits: not one second earlier.
    function testFuzz_fitsAt_isTheFirstSecondThatFits(uint112 capacity, uint32 window, uint112 used, uint112 value)
        public
        pure
    {
        capacity = uint112(bound(capacity, 1, type(uint112).max - 1));
        window = uint32(bound(window, 1, type(uint32).max));
        value = uint112(bound(value, 1, capacity));
        vm.assume(uint256(used) + value > capacity);

        uint256 time = RateLimit.fitsAt(value, used, 1000, capacity, window);
        (uint256 then,) = RateLimit.leak(used, 1000, time, capacity, window);
        (uint256 before,) = RateLimit.leak(used, 1000, time - 1, capacity, window);

        assertLe(then + value, capacity);
        assertGt(before + value, capacity);
    }

    /// @dev A send takes off without reading the leak; it must come to the same as leaking first.
    function testFuzz_leak_commutesWithWhatGoesOut(
        uint112 used,
        uint112 out,
        uint112 capacity,
        uint32 window,
        uint32 dt
    ) public pure {
        capacity = uint112(bound(capacity, 1, type(uint112).max));
        window = uint32(bound(window, 1, type(uint32).max));

        (uint256 leakedFirst,) = RateLimit.leak(used, 5, 5 + uint256(dt), capacity, window);
        leakedFirst = leakedFirst > out ? leakedFirst - out : 0;
        (uint256 outFirst,) = RateLimit.leak(used > out ? used - out : 0, 5, 5 + uint256(dt), capacity, window);

        assertEq(outFirst, leakedFirst);
    }

    /// @dev Reading in between never makes the bucket fuller, nor emptier by more than a unit.
    function testFuzz_leak_doesNotDependOnReadings(uint112 used, uint112 capacity, uint32 window, uint32 a, uint32 b)
        public
        pure
    {
        capacity = uint112(bound(capacity, 1, type(uint112).max));
        window = uint32(bound(window, 1, type(uint32).max));
        uint256 end = uint256(a) + b;

        (uint256 once,) = RateLimit.leak(used, 0, end, capacity, window);
        (uint256 half, uint256 time) = RateLimit.leak(used, 0, a, capacity, window);
        (uint256 twice,) = RateLimit.leak(half, time, end, capacity, window);

        assertGe(twice, once);
        // A rounded-up second may hold back what leaks in it.
        assertLe(twice - once, uint256(capacity) / window + 1);
    }
}
