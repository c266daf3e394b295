// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {newLink, NO_LIMIT, RemoteBooks, RemoteLink} from "../../src/types/Remote.sol";

contract RemoteTest is Test {
    function testFuzz_link_keepsEachField(address there, bool paused, uint48 mantissa, uint8 zeros, uint32 window)
        public
        pure
    {
        uint256 capacity = uint256(mantissa) * 10 ** bound(zeros, 0, 19);
        vm.assume(capacity != 0);

        (bool exact, RemoteLink link) = newLink(there, !paused).withLimit(uint112(capacity), window);
        link = link.withPaused(paused);

        assertTrue(exact);
        assertEq(link.counterpart(), there);
        assertEq(link.paused(), paused);
        assertEq(link.window(), window);
        assertEq(link.capacity(), capacity);
        assertFalse(link.isUnlimited());
    }

    function testFuzz_withLimit_isExactOrRefused(uint112 capacity) public pure {
        RemoteLink before = newLink(address(1), false);

        (bool exact, RemoteLink link) = before.withLimit(capacity, 1);

        if (exact) assertEq(link.capacity(), capacity);
        else assertEq(RemoteLink.unwrap(link), RemoteLink.unwrap(before));
    }

    function test_withLimit_refusesMoreDigitsThanItKeeps() public pure {
        (bool round,) = newLink(address(1), false).withLimit(123_456_789_012_340_000_000, 1);
        (bool uneven,) = newLink(address(1), false).withLimit(1e30 + 1, 1);

        assertTrue(round);
        assertFalse(uneven);
    }

    function test_withLimit_knowsNoLimit() public pure {
        (, RemoteLink link) = newLink(address(1), false).withLimit(NO_LIMIT, 1);

        assertTrue(link.isUnlimited());
        assertEq(link.capacity(), NO_LIMIT);
    }

    function testFuzz_books_keepEachField(uint112 locked, uint112 used, uint32 since, uint112 other) public pure {
        RemoteBooks books = RemoteBooks.wrap(0).withLocked(other).withUsed(used, since).withLocked(locked);

        assertEq(books.locked(), locked);
        assertEq(books.used(), used);
        assertEq(books.since(), since);
        assertEq(books.withUsed(0, 0).locked(), locked);
    }
}
