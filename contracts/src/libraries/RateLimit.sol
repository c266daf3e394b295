// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title A bucket of net value
/// @notice What comes in fills the bucket, what goes out empties it, and it leaks its whole capacity in one window of time.
/// So what comes in and goes out again fills nothing, and a forger gets out one capacity, then one more a window.
///
/// Values are at most 112 bits; times are unix seconds.
library RateLimit {
    /// @dev What is left of `used` at `now_`, when it was `used` at `since`.
    /// @return level At most `used`
    /// @return time The time at which `level` is exact: `now_`, less the seconds in which no whole unit has leaked, so that
    /// a reading loses less than a second of them, and always to the safe side
    function leak(uint256 used, uint256 since, uint256 now_, uint256 capacity, uint256 window)
        internal
        pure
        returns (uint256 level, uint256 time)
    {
        // No overflow: 112 bits times 32 bits; `since` is a block time of the past.
        unchecked {
            uint256 leaked = capacity * (now_ - since) / window;
            if (leaked >= used) return (0, now_);
            return (used - leaked, since + (leaked * window + capacity - 1) / capacity);
        }
    }

    /// @dev First time at which `value` fits, if nothing else comes in; the end of time if it never does.
    function fitsAt(uint256 value, uint256 level, uint256 time, uint256 capacity, uint256 window)
        internal
        pure
        returns (uint256)
    {
        if (value > capacity) return type(uint256).max;
        if (value + level <= capacity) return time;
        return time + ((value + level - capacity) * window + capacity - 1) / capacity;
    }
}
