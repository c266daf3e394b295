// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Router} from "../../../src/Router.sol";
import {IRollup} from "../../../src/interfaces/IRollup.sol";
import {RoutedHead} from "../../../src/interfaces/IRoutedHeads.sol";
import {StateProof} from "../../../src/libraries/StateProof.sol";
import {ProofError} from "../../../src/libraries/Trie.sol";
import {RoutedHeads} from "../../../src/verifiers/RoutedHeads.sol";
import {StateRooted} from "../../../src/verifiers/StateRooted.sol";
import {INitroBridge, INitroOutbox, LiveRoots} from "../../../src/verifiers/nitro/LiveRoots.sol";
import {INitroInbox} from "../../../src/verifiers/nitro/RetryableTicket.sol";
import {SendRoot} from "../../../src/verifiers/nitro/SendRoot.sol";
import {Games, Shown} from "../Games.sol";
import {Roots, RootStation} from "./Roots.sol";

/// @notice What Arbitrum's outbox and inbox do of what is asked of them here, by the text of nitro-contracts 3.2.0:
/// those are not ours to copy. `ProvenRoots` and the vectors' `live` are tested on the real one.
contract OutboxAndInbox is INitroOutbox, INitroBridge, INitroInbox {
    mapping(bytes32 => bytes32) public roots;
    bool public removed;

    /// @dev The ticket, as the rollup's node reads it.
    struct Ticket {
        address sender;
        address to;
        uint256 deposit;
        uint256 submission;
        address refunds;
        address beneficiary;
        uint256 gasLimit;
        uint256 price;
        bytes data;
    }

    Ticket private _last;

    function ticket() external view returns (Ticket memory) {
        return _last;
    }

    error InsufficientValue(uint256 expected, uint256 actual);
    error InsufficientSubmissionCost(uint256 expected, uint256 actual);
    error RetryableData();

    function bridge() external view returns (INitroBridge) {
        return this;
    }

    function allowedOutboxes(address outbox) external view returns (bool) {
        return outbox == address(this) && !removed;
    }

    function remove(bool removed_) external {
        removed = removed_;
    }

    function confirm(bytes32 sendRoot, bytes32 blockHash) external {
        roots[sendRoot] = blockHash;
    }

    function calculateRetryableSubmissionFee(uint256 size, uint256 baseFee) public view returns (uint256) {
        return (1400 + 6 * size) * (baseFee == 0 ? block.basefee : baseFee);
    }

    function createRetryableTicket(
        address to,
        uint256 value,
        uint256 submission,
        address refunds,
        address beneficiary,
        uint256 gasLimit,
        uint256 price,
        bytes calldata data
    ) external payable returns (uint256) {
        uint256 expected = submission + value + gasLimit * price;
        if (msg.value < expected) revert InsufficientValue(expected, msg.value);
        if (gasLimit == 1 || price == 1) revert RetryableData();
        uint256 fee = calculateRetryableSubmissionFee(data.length, block.basefee);
        if (submission < fee) revert InsufficientSubmissionCost(fee, submission);
        _last = Ticket(msg.sender, to, msg.value, submission, refunds, beneficiary, gasLimit, price, data);
        return 0;
    }
}

/// @notice Heads of an Arbitrum chain under a block that its outbox holds, and tickets that its inbox takes.
contract LiveRootsTest is Test {
    uint64 private constant CHAIN = 901;

    OutboxAndInbox private arbitrum;
    LiveRoots private live;
    RootStation private station;
    Shown private lane;

    function setUp() public {
        arbitrum = new OutboxAndInbox();
        live = new LiveRoots(CHAIN, arbitrum, arbitrum);
        station = Roots.named("confirmed");
        lane = Games.log("lane log");
        vm.fee(3 gwei);
    }

    function test_settled_refusesWhatIsNotConfirmed() public {
        (bytes32 sendRoot, bytes32 hash) = _claimed();
        vm.expectRevert(abi.encodeWithSelector(SendRoot.NotConfirmed.selector, sendRoot, 0, hash));
        live.settled(station.claim);
        arbitrum.confirm(sendRoot, keccak256("another block"));
        vm.expectRevert(
            abi.encodeWithSelector(SendRoot.NotConfirmed.selector, sendRoot, keccak256("another block"), hash)
        );
        live.settled(station.claim);
    }

    function test_settled_tellsTheStateRootOfAConfirmedBlock() public {
        _confirm();
        (uint64 number, bytes32 stateRoot) = live.settled(station.claim);
        assertEq(number, station.number);
        assertEq(stateRoot, lane.stateRoot);
    }

    /// @dev The attack: an outbox that the rollup has replaced, as it was broken, still holds roots.
    function test_settled_refusesAnOutboxThatTheBridgeNoLongerAllows() public {
        _confirm();
        arbitrum.remove(true);
        vm.expectRevert(abi.encodeWithSelector(SendRoot.NotAllowed.selector, address(arbitrum)));
        live.settled(station.claim);
        vm.expectRevert(abi.encodeWithSelector(SendRoot.NotAllowed.selector, address(arbitrum)));
        live.heads(_proof());
        arbitrum.remove(false);
        live.settled(station.claim);
    }

    function test_settled_refusesACutOrExtendedClaim() public {
        _confirm();
        bytes memory claim = station.claim;
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.SPARE_BYTES));
        live.settled(bytes.concat(claim, hex"00"));
        for (uint256 size; size < claim.length; size += 31) {
            bytes memory cut = new bytes(size);
            for (uint256 i; i < size; ++i) {
                cut[i] = claim[i];
            }
            vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
            live.settled(cut);
        }
    }

    /// @custom:invariant Another header is another hash.
    function testFuzz_settled_refusesAChange(uint256 seed, uint8 bit) public {
        _confirm();
        bytes memory claim = station.claim;
        claim[seed % claim.length] ^= bytes1(uint8(1 << (bit % 8)));
        vm.expectRevert();
        live.settled(claim);
    }

    function test_heads_showsWhatStandsUnderTheState() public {
        _confirm();
        (uint64 number, uint64 destination, RoutedHead[] memory shown) = live.heads(_proof());
        assertEq(number, station.number);
        assertEq(destination, 902);
        assertEq(shown.length, 1);
        assertEq(shown[0].log, lane.log);
        assertEq(shown[0].head, lane.head);
    }

    /// @dev The attack: the logs of a fork of this chain, or of any other with the same state.
    function test_heads_refusesALogOfAnotherChain() public {
        _confirm();
        LiveRoots other = new LiveRoots(7, arbitrum, arbitrum);
        vm.expectRevert(abi.encodeWithSelector(StateRooted.WrongPlace.selector, lane.log, CHAIN, lane.account, 902));
        other.heads(_proof());
    }

    // ---------------------------------------------------------------- deposit

    function testFuzz_deposit_buysATicketWithAllItsValue(uint64 gasLimit, uint96 value, uint16 size, address payer)
        public
    {
        gasLimit = uint64(bound(gasLimit, 2, 10_000_000));
        bytes memory data = new bytes(size % 1000);
        uint256 submission = arbitrum.calculateRetryableSubmissionFee(data.length, 3 gwei);
        value = uint96(bound(value, submission + 2 * gasLimit, type(uint96).max));
        (address bridge, bytes memory call) = live.deposit(address(0xB0B), gasLimit, data, value, payer);
        assertEq(bridge, address(arbitrum));
        deal(address(this), value);
        (bool done,) = bridge.call{value: value}(call);
        assertTrue(done, "the inbox refuses it");

        OutboxAndInbox.Ticket memory made = arbitrum.ticket();
        assertEq(made.to, address(0xB0B));
        assertEq(made.refunds, payer);
        assertEq(made.beneficiary, payer);
        assertEq(made.gasLimit, gasLimit);
        assertEq(made.data, data);
        assertEq(made.submission, submission);
        assertLt(made.deposit - made.submission - made.price * gasLimit, gasLimit, "some of it buys nothing");
    }

    function test_deposit_refusesTooLittleValue() public {
        uint256 least = arbitrum.calculateRetryableSubmissionFee(3, 3 gwei) + 2 * 100_000;
        for (uint256 value; value < least; value += least - 1) {
            vm.expectRevert(abi.encodeWithSelector(IRollup.WrongValue.selector, value, least));
            live.deposit(address(this), 100_000, "abc", value, address(this));
        }
        live.deposit(address(this), 100_000, "abc", least, address(this));
    }

    /// @dev Heads that are pushed to an Arbitrum chain come in the router's name, and its pusher is refunded.
    function test_push_makesATicketOfTheRouters() public {
        _confirm();
        Router router = new Router(address(this));
        RoutedHeads heads = new RoutedHeads(address(router));
        LiveRoots reader = new LiveRoots(902, arbitrum, arbitrum);
        router.connect(CHAIN, live, address(0));
        router.connect(902, reader, address(heads));
        address payer = makeAddr("payer");
        deal(payer, 1 ether);
        vm.prank(payer);
        router.push{value: 1 ether}(CHAIN, _proof());

        OutboxAndInbox.Ticket memory made = arbitrum.ticket();
        assertEq(made.sender, address(router));
        assertEq(made.deposit, 1 ether);
        assertEq(made.refunds, payer);
        assertEq(made.to, address(heads));
        vm.prank(heads.router());
        (bool done,) = address(heads).call(made.data);
        assertTrue(done);
        heads.verify(lane.log, lane.head, lane.count, "");
    }

    function _confirm() private {
        (bytes32 sendRoot, bytes32 hash) = _claimed();
        arbitrum.confirm(sendRoot, hash);
    }

    function _claimed() private view returns (bytes32 sendRoot, bytes32 hash) {
        bytes memory claim = station.claim;
        bytes memory header = new bytes(claim.length - 34);
        for (uint256 i; i < header.length; ++i) {
            header[i] = claim[34 + i];
        }
        return (bytes32(claim), keccak256(header));
    }

    function _proof() private view returns (bytes memory) {
        return abi.encodePacked(station.claim, lane.account, lane.accountProof, lane.place, lane.storageProof);
    }
}
