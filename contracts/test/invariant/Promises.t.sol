// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Message} from "../../src/types/Message.sol";
import {Diary} from "../core/Recipients.sol";
import {Wire} from "../core/Wire.sol";
import {World} from "../core/World.sol";

/// @notice Anyone does anything in any order, on two lanes, with time passing; evidence is honest. Counts what it sees.
contract Anyone is World {
    /// @dev What went into and came out of each lane, in wei.
    mapping(uint8 assurance => uint256) public paidIn;
    /// @dev How far receipts of a lane have been settled at least once.
    uint256 public claimed;
    Diary public theDiary;

    constructor() {
        setUp();
        theDiary = diary;
    }

    function send(uint256 seed) external {
        uint8 assurance = _class(seed);
        Message memory m = _message(assurance);
        m.fee = uint96(seed >> 8 & 0xff) * 1 gwei;
        if (seed >> 16 & 1 == 1) m.expiry = uint64(block.timestamp + 1 + (seed >> 20 & 0xff));
        if (seed >> 17 & 3 == 0) m.recipient = address(0xdead); // no code: fails for ever
        _send(m, abi.encode(seed));
        paidIn[assurance] += m.fee;
    }

    function topUp(uint256 seed) external {
        uint8 assurance = _class(seed);
        uint256 count = parcels[assurance].length;
        if (count == 0) return;
        uint64 nonce = uint64((seed >> 8) % count);
        if (home.outbox.settled(away.id, assurance, nonce / 256) >> (nonce % 256) & 1 == 1) return;
        uint256 amount = (1 + (seed >> 32 & 0xff)) * 1 gwei;
        _on(home);
        vm.prank(alice);
        home.outbox.addFee{value: amount}(away.id, assurance, nonce);
        paidIn[assurance] += amount;
    }

    function deliver(uint256 seed) external {
        uint8 assurance = _class(seed);
        uint256 sent = parcels[assurance].length;
        if (sent == 0) return;
        uint256 first = (seed >> 8) % sent;
        uint256 count = 1 + (seed >> 40) % (sent - first);
        bytes memory segment = _segmentOf(assurance, first, count);
        bytes memory evidence = _evidenceOf(assurance, STRONG);
        _on(away);
        vm.recordLogs();
        try away.inbox.deliver(segment, evidence, payee) {} catch {} // nothing to do is no failure
        _observeReceipts(assurance);
    }

    function retry(uint256 seed) external {
        uint8 assurance = _class(seed);
        if (parcels[assurance].length == 0) return;
        Wire.Parcel memory parcel = parcels[assurance][(seed >> 8) % parcels[assurance].length];
        _on(away);
        vm.recordLogs();
        try away.inbox.retry(Wire.header(parcel.message), parcel.payload, 300_000, alice) {} catch {}
        _observeReceipts(assurance);
    }

    function expire(uint256 seed) external {
        uint8 assurance = _class(seed);
        if (parcels[assurance].length == 0) return;
        Wire.Parcel memory parcel = parcels[assurance][(seed >> 8) % parcels[assurance].length];
        _on(away);
        vm.recordLogs();
        try away.inbox.expire(Wire.header(parcel.message)) {} catch {}
        _observeReceipts(assurance);
    }

    function settle(uint256 seed) external {
        uint8 assurance = _class(seed);
        uint256 known = receiptsOf[assurance].length;
        if (known == 0) return;
        uint256 first = (seed >> 8) % known;
        _settle(assurance, first, 1 + (seed >> 40) % (known - first), STRONG); // never fails
    }

    function claim(bool ofAlice) external {
        address account = ofAlice ? alice : payee;
        uint256 before = account.balance;
        try home.outbox.claimFor(account) {} catch {}
        claimed += account.balance - before;
    }

    function flip() external {
        diary.close(!diary.closed());
    }

    function wait(uint256 seed) external {
        vm.warp(block.timestamp + seed % 60);
    }

    /// @dev Each message: how often it was delivered, and whether it has an `expired` receipt or refund.
    function eachMessage(function(uint256, bool, bool) external view check) external view {
        for (uint8 assurance; assurance < 3; assurance += 2) {
            for (uint256 i; i < parcels[assurance].length; ++i) {
                bytes32 id = keccak256(Wire.header(parcels[assurance][i].message));
                bool expired;
                for (uint256 j; j < receiptsOf[assurance].length; ++j) {
                    expired = expired || receiptsOf[assurance][j].id == id;
                }
                check(theDiary.times(id), expired, home.outbox.expired(id));
            }
        }
    }

    function escrows() external view returns (uint256) {
        return _escrow(ATTESTED) + _escrow(SETTLED);
    }

    function credits() external view returns (uint256) {
        return home.outbox.credit(alice) + home.outbox.credit(payee);
    }

    function settledCount(uint8 assurance) external view returns (uint256 settled, uint256 ended) {
        uint256 bits = home.outbox.settled(away.id, assurance, 0);
        uint256 seen;
        for (uint256 j; j < receiptsOf[assurance].length; ++j) {
            Wire.Receipt memory r = receiptsOf[assurance][j];
            seen |= r.bitmap;
            for (uint256 i; r.id != 0 && i < parcels[assurance].length; ++i) {
                if (entriesOf[_laneOf(assurance).log()][i] == r.id) seen |= 1 << i;
            }
        }
        return (bits, seen);
    }

    function outbox() external view returns (address) {
        return address(home.outbox);
    }

    function _class(uint256 seed) private pure returns (uint8) {
        return seed & 1 == 0 ? ATTESTED : SETTLED;
    }
}

contract PromisesTest is World {
    Anyone private anyone;

    function setUp() public override {
        anyone = new Anyone();
        targetContract(address(anyone));
        bytes4[] memory selectors = new bytes4[](9);
        selectors[0] = Anyone.send.selector;
        selectors[1] = Anyone.topUp.selector;
        selectors[2] = Anyone.deliver.selector;
        selectors[3] = Anyone.retry.selector;
        selectors[4] = Anyone.expire.selector;
        selectors[5] = Anyone.settle.selector;
        selectors[6] = Anyone.claim.selector;
        selectors[7] = Anyone.flip.selector;
        selectors[8] = Anyone.wait.selector;
        targetSelector(FuzzSelector({addr: address(anyone), selectors: selectors}));
    }

    /// @custom:invariant A message is delivered at most once; one that was delivered has no `expired` receipt and no refund.
    /// forge-config: default.invariant.runs = 16
    function invariant_deliveredAtMostOnce_xor_refunded() public view {
        anyone.eachMessage(this.checkMessage);
    }

    /// @custom:invariant What the outbox holds is the lanes' escrow and the credits: nothing is made, and nothing is lost.
    /// forge-config: default.invariant.runs = 16
    function invariant_theOutboxHoldsWhatItOwes() public view {
        assertEq(anyone.outbox().balance, anyone.escrows() + anyone.credits());
        assertEq(anyone.outbox().balance + anyone.claimed(), anyone.paidIn(0) + anyone.paidIn(2));
    }

    /// @custom:invariant Only what has a receipt is settled.
    /// forge-config: default.invariant.runs = 16
    function invariant_settledIsWhatHasAReceipt() public view {
        for (uint8 assurance; assurance < 3; assurance += 2) {
            (uint256 settled, uint256 seen) = anyone.settledCount(assurance);
            assertEq(settled & ~seen, 0);
        }
    }

    function checkMessage(uint256 times, bool expired, bool refunded) external pure {
        assertLe(times, 1);
        assertFalse(times == 1 && expired);
        assertTrue(expired || !refunded);
    }
}
