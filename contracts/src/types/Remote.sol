// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title What a token bridge keeps of a remote chain, in two words
/// @notice A transfer reads each word once and writes the second once; that is most of what a bridge itself costs.
///
/// RemoteLink: counterpart (160 bits) | window << 160 (32) | paused << 192 (8) | capacity << 200 (56)
/// RemoteBooks: locked (112 bits) | used << 112 (112) | since << 224 (32)
///
/// A capacity is a round number, mantissa (48 bits) << 8 | exponent of ten (8): 14 digits, as exact as anyone sets a limit. All
/// ones is no limit.
type RemoteLink is uint256;

type RemoteBooks is uint256;

using {counterpart, window, paused, capacity, isUnlimited, withPaused, withLimit} for RemoteLink global;
using {locked, used, since, withLocked, withUsed} for RemoteBooks global;

/// @dev The capacity that limits nothing.
uint112 constant NO_LIMIT = type(uint112).max;

uint256 constant _UNLIMITED = type(uint56).max;

/// @dev A link that has no limit yet.
function newLink(address counterpart_, bool paused_) pure returns (RemoteLink) {
    return RemoteLink.wrap(uint256(uint160(counterpart_))).withPaused(paused_);
}

/// @dev The bridge there; zero: no link.
function counterpart(RemoteLink link) pure returns (address) {
    return address(uint160(RemoteLink.unwrap(link)));
}

/// @dev Seconds in which a full limit empties; zero: no limit set.
function window(RemoteLink link) pure returns (uint256) {
    return uint32(RemoteLink.unwrap(link) >> 160);
}

/// @dev Whether sending and receiving are stopped.
function paused(RemoteLink link) pure returns (bool) {
    return uint8(RemoteLink.unwrap(link) >> 192) != 0;
}

/// @dev Most net value to come in within a window.
function capacity(RemoteLink link) pure returns (uint256) {
    uint256 code = RemoteLink.unwrap(link) >> 200;
    return code == _UNLIMITED ? NO_LIMIT : (code >> 8) * 10 ** uint8(code);
}

/// @dev Whether any value may come in.
function isUnlimited(RemoteLink link) pure returns (bool) {
    return RemoteLink.unwrap(link) >> 200 == _UNLIMITED;
}

function withPaused(RemoteLink link, bool value) pure returns (RemoteLink) {
    uint256 cleared = RemoteLink.unwrap(link) & ~(uint256(0xff) << 192);
    return RemoteLink.wrap(cleared | uint256(value ? 1 : 0) << 192);
}

/// @dev With another limit, if the capacity is round enough to be kept; {NO_LIMIT} is none.
function withLimit(RemoteLink link, uint112 capacity_, uint32 window_) pure returns (bool exact, RemoteLink limited) {
    uint256 code = _UNLIMITED;
    if (capacity_ != NO_LIMIT) {
        uint256 mantissa = capacity_;
        uint256 exponent;
        for (; mantissa > type(uint48).max && mantissa % 10 == 0; mantissa /= 10) {
            ++exponent;
        }
        if (mantissa > type(uint48).max) return (false, link);
        code = mantissa << 8 | exponent;
    }
    uint256 kept = RemoteLink.unwrap(link) & (type(uint160).max | uint256(0xff) << 192);
    return (true, RemoteLink.wrap(kept | uint256(window_) << 160 | code << 200));
}

/// @dev Tokens held for that chain.
function locked(RemoteBooks books) pure returns (uint256) {
    return uint112(RemoteBooks.unwrap(books));
}

/// @dev Net value that had come in at time {since}.
function used(RemoteBooks books) pure returns (uint256) {
    return uint112(RemoteBooks.unwrap(books) >> 112);
}

/// @dev Unix seconds.
function since(RemoteBooks books) pure returns (uint256) {
    return RemoteBooks.unwrap(books) >> 224;
}

/// @dev `value` is at most 112 bits.
function withLocked(RemoteBooks books, uint256 value) pure returns (RemoteBooks) {
    return RemoteBooks.wrap(RemoteBooks.unwrap(books) >> 112 << 112 | value);
}

/// @dev `value` is at most 112 bits, `time` at most 32.
function withUsed(RemoteBooks books, uint256 value, uint256 time) pure returns (RemoteBooks) {
    return RemoteBooks.wrap(uint112(RemoteBooks.unwrap(books)) | value << 112 | time << 224);
}
