// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IOutbox} from "../../src/interfaces/IOutbox.sol";
import {Message} from "../../src/types/Message.sol";
import {Wire} from "../core/Wire.sol";
import {World} from "../core/World.sol";

/// @notice Calls that are open to all, made to hold up others: each costs its caller, and none stops a settlement.
contract GriefingTest is World {
    /// @dev What one transaction may take (EIP-7825).
    uint256 private constant TRANSACTION = 1 << 24;

    /// @dev A page settles whole or not at all: so the dearest page must fit a transaction.
    function test_aTopUpOfEveryNonceOfAPageStopsNoSettlement() public {
        for (uint256 i; i < 256; ++i) {
            _send(SETTLED);
        }
        _deliver(SETTLED, 0, 256, STRONG);
        _on(home);
        for (uint64 i; i < 256; ++i) {
            vm.prank(alice);
            home.outbox.addFee{value: 1 gwei}(away.id, SETTLED, i);
        }

        uint256 before = gasleft();
        _settle(SETTLED, 0, 1, STRONG);

        assertLt(before - gasleft(), TRANSACTION / 2);
        assertEq(home.outbox.credit(payee), 256 gwei);
        assertEq(_escrow(SETTLED), 0);
    }

    /// @dev Made-up headers fill the receipt log; a receipt is never further than a page from a head that stays.
    function test_aFloodOfMadeUpReceiptsStopsNoSettlement() public {
        Message memory m = _message(SETTLED);
        m.fee = 5 gwei;
        _send(m, "");
        _deliver(SETTLED, 0, 1, STRONG);
        m = parcels[SETTLED][0].message;
        m.expiry = 1;
        for (uint64 i; i < 300; ++i) {
            m.nonce = 1000 + i;
            _expire(m);
        }

        bytes32 log = _laneOf(SETTLED).receiptLog();
        assertEq(away.inbox.receiptPage(log, 1), headsOf[log][256], "proven alone, for good");
        uint256 before = gasleft();
        _settle(SETTLED, 0, 256, STRONG);

        assertLt(before - gasleft(), TRANSACTION);
        assertEq(home.outbox.credit(payee), 5 gwei);
    }

    /// @dev While a page is open each send moves its head on, and a settlement written before misses it: for the rest of the
    /// page at most.
    function test_sendsOvertakeARefundToTheEndOfItsPageOnly() public {
        Message memory m = _message(SETTLED);
        (m.expiry, m.fee) = (uint64(block.timestamp + 5), 5 gwei);
        m = _send(m, "").message;
        vm.warp(m.expiry + 1);
        _expire(m);

        bytes memory overtaken = _settlementOf(SETTLED, 0, 1);
        bytes memory evidence = _receiptEvidence(SETTLED, 1, STRONG);
        _send(SETTLED);
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(IOutbox.NotOnLog.selector, keccak256(Wire.header(m))));
        home.outbox.settle(overtaken, evidence);

        for (uint256 i = 2; i < 256; ++i) {
            _send(SETTLED);
        }
        bytes memory closed = _settlementOf(SETTLED, 0, 1);
        _send(SETTLED);
        _on(home);
        home.outbox.settle(closed, evidence);
        assertEq(home.outbox.credit(alice), 5 gwei);
    }
}
