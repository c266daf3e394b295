// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ITokenBridge} from "../interfaces/ITokenBridge.sol";
import {NO_LIMIT, RemoteBooks, RemoteLink} from "../types/Remote.sol";

/// @title A bucket of net value
/// @notice What comes in fills the bucket, what goes out empties it, and it leaks its whole capacity in one window of time.
/// So what comes in and goes out again fills nothing, and a forger gets out one capacity, then one more a window.
library RateLimit {
    /// @dev Counts what comes in, if it fits.
    /// @custom:throws LimitExceeded
    function take(RemoteBooks books, RemoteLink link, uint64 chainId, uint256 value)
        internal
        view
        returns (RemoteBooks)
    {
        if (link.isUnlimited()) return books;
        (uint256 level, uint256 time) = leak(books, link, block.timestamp);
        uint256 capacity = link.capacity();
        if (level + value > capacity) {
            revert ITokenBridge.LimitExceeded(chainId, value, _room(level, capacity), fitsAt(value, level, time, link));
        }
        return books.withUsed(level + value, time);
    }

    /// @dev Counts what comes back, which always comes to pass; unless `patient`, where it waits while more has come in than
    /// the capacity. What waits for nothing fills the bucket and no more: else whoever sends many capacities and lets them
    /// expire would keep others out for as many windows.
    /// @custom:throws LimitExceeded
    function takeBack(RemoteBooks books, RemoteLink link, uint64 chainId, uint256 value, bool patient)
        internal
        view
        returns (RemoteBooks)
    {
        if (link.isUnlimited()) return books;
        (uint256 level, uint256 time) = leak(books, link, block.timestamp);
        uint256 capacity = link.capacity();
        require(
            !patient || level <= capacity, ITokenBridge.LimitExceeded(chainId, value, 0, fitsAt(0, level, time, link))
        );
        uint256 most = patient ? NO_LIMIT : capacity;
        if (level > most) most = level; // the capacity was lowered
        uint256 sum = level + value;
        return books.withUsed(sum < most ? sum : most, time);
    }

    /// @dev Counts what goes out. The leak since then is taken off later: in which order changes nothing.
    function give(RemoteBooks books, uint256 value) internal pure returns (RemoteBooks) {
        uint256 used = books.used();
        if (used == 0) return books;
        return books.withUsed(used > value ? used - value : 0, books.since());
    }

    /// @dev Value that may come in now.
    function room(RemoteBooks books, RemoteLink link) internal view returns (uint256) {
        if (link.window() == 0) return 0;
        (uint256 level,) = leak(books, link, block.timestamp);
        return _room(level, link.capacity());
    }

    /// @dev What is left of `used` at time `now_`.
    /// @return level At most `used`
    /// @return time The time at which `level` is exact: `now_`, less the seconds in which no whole unit has leaked, so that
    /// a reading loses less than a second of them, and always to the safe side
    function leak(RemoteBooks books, RemoteLink link, uint256 now_)
        internal
        pure
        returns (uint256 level, uint256 time)
    {
        // No overflow: 112 bits times 32 bits, and `since` is a block time of the past. Window and capacity are not zero where
        // a limit is set, which the caller has seen.
        unchecked {
            (uint256 used, uint256 since) = (books.used(), books.since());
            (uint256 capacity, uint256 window) = (link.capacity(), link.window());
            uint256 leaked = capacity * (now_ - since) / window;
            if (leaked >= used) return (0, now_);
            return (used - leaked, since + (leaked * window + capacity - 1) / capacity);
        }
    }

    /// @dev First time at which `value` fits, if nothing else comes in; the end of time if it never does.
    function fitsAt(uint256 value, uint256 level, uint256 time, RemoteLink link) internal pure returns (uint256) {
        (uint256 capacity, uint256 window) = (link.capacity(), link.window());
        if (value > capacity) return type(uint256).max;
        if (value + level <= capacity) return time;
        return time + ((value + level - capacity) * window + capacity - 1) / capacity;
    }

    function _room(uint256 level, uint256 capacity) private pure returns (uint256) {
        return level < capacity ? capacity - level : 0;
    }
}
