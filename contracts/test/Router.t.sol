// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Test, Vm} from "forge-std/Test.sol";

import {Router} from "../src/Router.sol";
import {IRollup} from "../src/interfaces/IRollup.sol";
import {IRoutedHeads, RoutedHead} from "../src/interfaces/IRoutedHeads.sol";
import {IRouter} from "../src/interfaces/IRouter.sol";
import {StateProof} from "../src/libraries/StateProof.sol";
import {ProofError} from "../src/libraries/Trie.sol";
import {RoutedHeads} from "../src/verifiers/RoutedHeads.sol";
import {StateRooted} from "../src/verifiers/StateRooted.sol";
import {IPortal, LiveGames} from "../src/verifiers/op_stack/LiveGames.sol";
import {IDepositPortal} from "../src/verifiers/op_stack/PortalDeposit.sol";
import {WithdrawalRule} from "../src/verifiers/op_stack/WithdrawalRule.sol";
import {Proofs} from "./libraries/Proofs.sol";
import {Games, Shown} from "./verifiers/Games.sol";
import {IGame, OpStack} from "./verifiers/OpStack.sol";

/// @notice A rollup that says what it is told, for what a real one never says.
contract Puppet is IRollup {
    uint64 public immutable chain;
    uint64 public destination;
    RoutedHead[] private _shown;
    address public payer;

    constructor(uint64 chain_, uint64 destination_, RoutedHead[] memory shown) {
        chain = chain_;
        destination = destination_;
        for (uint256 i; i < shown.length; ++i) {
            _shown.push(shown[i]);
        }
    }

    function heads(bytes calldata) external view returns (uint64, uint64, RoutedHead[] memory) {
        return (1, destination, _shown);
    }

    function deposit(address, uint64, bytes calldata, uint256, address payer_)
        external
        view
        returns (address, bytes memory)
    {
        return (address(this), abi.encodeCall(this.take, (payer_)));
    }

    function take(address payer_) external payable {
        payer = payer_;
    }
}

/// @notice Heads go from a rollup's settled state, by Optimism's own portal, to the rollup where they are read; both
/// rollups here stand on one L1, and the deposits are carried over by hand.
contract RouterTest is Test {
    uint64 private constant ORIGIN = 901;
    uint64 private constant DESTINATION = 902;
    address private constant OWNER = address(0x71312);

    Router private router;
    RoutedHeads private heads;
    OpStack.Rollup private origin;
    OpStack.Rollup private destination;
    Shown private lane;
    Shown private page;
    bytes private claim;

    function setUp() public {
        vm.warp(1_800_000_000);
        router = new Router(OWNER);
        heads = new RoutedHeads(address(router));
        origin = OpStack.deploy(ORIGIN);
        destination = OpStack.deploy(DESTINATION);
        vm.startPrank(OWNER);
        router.connect(ORIGIN, new LiveGames(ORIGIN, IPortal(address(origin.portal))), address(0));
        router.connect(DESTINATION, new LiveGames(DESTINATION, IPortal(address(destination.portal))), address(heads));
        vm.stopPrank();
        (lane, page) = (Games.log("lane log"), Games.log("lane log, page 1"));
        claim = _settle(lane.stateRoot);
    }

    // ---------------------------------------------------------------- connect

    function test_connect_isForTheOwner() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        router.connect(ORIGIN, IRollup(address(0)), address(0));
    }

    function test_connect_refusesWhatIsNoContract() public {
        vm.prank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(IRouter.NotAContract.selector, address(0xB0B)));
        router.connect(ORIGIN, IRollup(address(0xB0B)), address(0));
    }

    function test_connect_refusesWhatSpeaksForAnotherChain() public {
        IRollup rollup = router.rollupOf(ORIGIN);
        vm.prank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(IRouter.WrongChain.selector, ORIGIN, DESTINATION));
        router.connect(DESTINATION, rollup, address(0));
    }

    function test_connect_disconnects() public {
        vm.prank(OWNER);
        vm.expectEmit(address(router));
        emit IRouter.Connected(ORIGIN, IRollup(address(0)), address(0));
        router.connect(ORIGIN, IRollup(address(0)), address(0));
        vm.expectRevert(abi.encodeWithSelector(IRouter.NotConnected.selector, ORIGIN));
        router.push(ORIGIN, _proof(lane));
    }

    // ---------------------------------------------------------------- push

    function test_push_refusesAnUnknownRollup() public {
        vm.expectRevert(abi.encodeWithSelector(IRouter.NotConnected.selector, 7));
        router.push(7, _proof(lane));
    }

    function test_push_refusesADestinationThatHearsOfNothing() public {
        vm.startPrank(OWNER);
        router.connect(DESTINATION, router.rollupOf(DESTINATION), address(0));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IRouter.NotConnected.selector, DESTINATION));
        router.push(ORIGIN, _proof(lane));
    }

    function test_push_refusesWhatTheOriginDoesNotHoldSettled() public {
        origin.superchainConfig.pause("");
        vm.expectRevert(WithdrawalRule.Paused.selector);
        router.push(ORIGIN, _proof(lane));
    }

    /// @dev The attack: a game of one rollup, shown as another's.
    function test_push_refusesTheStateOfAnotherRollup() public {
        vm.expectRevert(); // the destination's own factory: it has no game
        router.push(DESTINATION, _proof(lane));
    }

    function test_push_refusesALogOfAnotherChain() public {
        LiveGames live = new LiveGames(7, IPortal(address(origin.portal)));
        vm.prank(OWNER);
        router.connect(7, live, address(0));
        vm.expectRevert(
            abi.encodeWithSelector(StateRooted.WrongPlace.selector, lane.log, ORIGIN, lane.account, DESTINATION)
        );
        router.push(7, _proof(lane));
    }

    function test_push_refusesALogOfAnotherAccount() public {
        Shown memory receipts = Games.log("receipt log");
        bytes memory logs = bytes.concat(_logs(lane), receipts.place, receipts.storageProof);
        vm.expectRevert(
            abi.encodeWithSelector(StateRooted.WrongPlace.selector, receipts.log, ORIGIN, receipts.account, DESTINATION)
        );
        router.push(ORIGIN, bytes.concat(claim, logs));
    }

    function test_push_refusesLogsForTwoChains() public {
        bytes memory place = lane.place;
        place[35] ^= 0x01; // last byte of the lane's destination
        bytes memory logs = bytes.concat(_logs(lane), place, lane.storageProof);
        vm.expectPartialRevert(StateRooted.WrongPlace.selector);
        router.push(ORIGIN, bytes.concat(claim, logs));
    }

    function test_push_refusesNoLogs() public {
        vm.expectRevert(StateRooted.NoLogs.selector);
        router.push(ORIGIN, bytes.concat(claim, abi.encodePacked(lane.account, lane.accountProof)));
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        router.push(ORIGIN, claim);
    }

    function test_push_refusesALogWithoutAHead() public {
        Shown memory empty = Games.log("lane log, page 2");
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.ABSENT));
        router.push(ORIGIN, _proof(empty));
    }

    function test_push_refusesNoHeads() public {
        Puppet puppet = new Puppet(ORIGIN, DESTINATION, new RoutedHead[](0));
        vm.prank(OWNER);
        router.connect(ORIGIN, puppet, address(0));
        vm.expectRevert(IRouter.NothingToPush.selector);
        router.push(ORIGIN, "");
    }

    function test_push_refusesValueForABridgeThatSellsNoGas() public {
        vm.expectRevert(abi.encodeWithSelector(IRollup.WrongValue.selector, 1, 0));
        router.push{value: 1}(ORIGIN, _proof(lane));
    }

    function test_push_tellsWhatWentAlongForEachHead() public {
        Puppet puppet = new Puppet(DESTINATION, 0, new RoutedHead[](0));
        vm.prank(OWNER);
        router.connect(DESTINATION, puppet, address(heads));
        vm.expectEmit(address(router));
        emit IRouter.Pushed(ORIGIN, DESTINATION, lane.log, lane.head, 42, 7);
        vm.expectEmit(address(router));
        emit IRouter.Pushed(ORIGIN, DESTINATION, page.log, page.head, 42, 7);
        router.push{value: 15}(ORIGIN, bytes.concat(claim, _logs(lane), page.place, page.storageProof));
    }

    function testFuzz_push_sendsAllValueAlongInTheCallersName(uint96 value, address caller) public {
        vm.assume(caller.code.length == 0 && uint160(caller) > 0xff);
        Puppet puppet = new Puppet(DESTINATION, 0, new RoutedHead[](0));
        vm.prank(OWNER);
        router.connect(DESTINATION, puppet, address(heads));
        deal(caller, value);
        vm.prank(caller);
        router.push{value: value}(ORIGIN, _proof(lane));
        assertEq(address(puppet).balance, value);
        assertEq(puppet.payer(), caller);
    }

    function test_push_depositsTheHeadsInTheRoutersName() public {
        bytes memory logs = bytes.concat(_logs(lane), page.place, page.storageProof);
        vm.expectEmit(address(router));
        emit IRouter.Pushed(ORIGIN, DESTINATION, lane.log, lane.head, 42, 0);
        vm.expectEmit(address(router));
        emit IRouter.Pushed(ORIGIN, DESTINATION, page.log, page.head, 42, 0);
        (address from, address to, bool done) = _pushAndCarry(logs);
        assertEq(from, heads.router());
        assertEq(to, address(heads));
        assertTrue(done);
        heads.verify(lane.log, lane.head, lane.count, "");
        heads.verify(page.log, page.head, page.count, "");
    }

    function test_push_mayBeRepeatedByAnyone() public {
        _pushAndCarry(_logs(lane));
        vm.prank(address(0xB0B), address(0xB0B));
        (,, bool done) = _pushAndCarry(_logs(lane));
        assertTrue(done);
        assertTrue(heads.accepted(lane.log, lane.head));
    }

    // ---------------------------------------------------------------- accept, verify

    function test_accept_refusesAnySenderButTheRoutersAlias() public {
        RoutedHead[] memory forged = new RoutedHead[](1);
        forged[0] = RoutedHead(lane.log, keccak256("forged"));
        // The router's own address belongs to somebody else on this chain.
        address[3] memory senders = [address(this), address(router), OWNER];
        address expected = heads.router();
        for (uint256 i; i < senders.length; ++i) {
            vm.prank(senders[i]);
            vm.expectRevert(abi.encodeWithSelector(IRoutedHeads.NotRouter.selector, senders[i], expected));
            heads.accept(forged);
        }
    }

    /// @dev The attack: anyone may deposit to anything, but in his own name.
    function test_accept_refusesADepositThatIsNotTheRouters() public {
        RoutedHead[] memory forged = new RoutedHead[](1);
        forged[0] = RoutedHead(lane.log, keccak256("forged"));
        vm.recordLogs();
        IDepositPortal(address(destination.portal))
            .depositTransaction(address(heads), 0, 200_000, false, abi.encodeCall(IRoutedHeads.accept, (forged)));
        (,, bool done) = _carry();
        assertFalse(done);
        assertFalse(heads.accepted(lane.log, keccak256("forged")));
    }

    function test_accept_refusesZero() public {
        RoutedHead[] memory zero = new RoutedHead[](1);
        zero[0] = RoutedHead(lane.log, 0);
        vm.prank(heads.router());
        vm.expectRevert(abi.encodeWithSelector(IRoutedHeads.ZeroRoutedHead.selector, lane.log));
        heads.accept(zero);
    }

    function test_verify_refusesWhatWasNotSent() public {
        _pushAndCarry(_logs(lane));
        vm.expectRevert(abi.encodeWithSelector(IRoutedHeads.NotAccepted.selector, lane.log, page.head));
        heads.verify(lane.log, page.head, page.count, "");
        vm.expectRevert(abi.encodeWithSelector(IRoutedHeads.NotAccepted.selector, bytes32(0), lane.head));
        heads.verify(0, lane.head, lane.count, "");
        vm.expectRevert(abi.encodeWithSelector(IRoutedHeads.ProofNotEmpty.selector, 1));
        heads.verify(lane.log, lane.head, lane.count, hex"00");
    }

    /// @dev The bridge charges for the gas asked for, so it must be enough, whatever the heads, and not much more.
    function testFuzz_push_asksForEnoughGas(uint8 count) public {
        count = uint8(bound(count, 1, 40));
        bytes memory logs = _logs(lane);
        for (uint256 i = 1; i < count; ++i) {
            logs = bytes.concat(logs, page.place, page.storageProof);
        }
        vm.recordLogs();
        router.push(ORIGIN, bytes.concat(claim, logs));
        (address from, address to, bytes memory packed) = _deposit();

        RoutedHead[] memory fresh = new RoutedHead[](count);
        for (uint256 i; i < count; ++i) {
            fresh[i] = RoutedHead(keccak256(abi.encode(i)), keccak256(abi.encode(~i)));
        }
        bytes memory other = bytes.concat(Proofs.slice(packed, 0, 73), abi.encodeCall(IRoutedHeads.accept, (fresh)));
        assertEq(other.length, packed.length);
        uint256 before = gasleft();
        assertTrue(this.carry(from, to, other));
        uint256 used = before - gasleft() + 21_000 + 40 * (other.length - 73);
        assertGt(used, (45_000 + 32_000 * uint256(count)) * 2 / 3, "asks for far too much");
    }

    // ---------------------------------------------------------------- words for the above

    function _proof(Shown memory s) private view returns (bytes memory) {
        return bytes.concat(claim, _logs(s));
    }

    function _logs(Shown memory s) private pure returns (bytes memory) {
        return abi.encodePacked(s.account, s.accountProof, s.place, s.storageProof);
    }

    /// @dev A settled game of the origin for this state root; the claim that names it.
    function _settle(bytes32 stateRoot) private returns (bytes memory) {
        bytes memory preimage = abi.encodePacked(stateRoot, keccak256("message passer"), keccak256("block"));
        skip(10);
        IGame game =
            origin.factory.create(OpStack.CANNON, keccak256(abi.encodePacked(bytes32(0), preimage)), abi.encode(42));
        skip(OpStack.CLOCK + 1);
        game.resolveClaim(0, 0);
        game.resolve();
        skip(OpStack.FINALITY + 1);
        return abi.encodePacked(uint64(0), preimage);
    }

    function _pushAndCarry(bytes memory logs) private returns (address, address, bool) {
        vm.recordLogs();
        router.push(ORIGIN, bytes.concat(claim, logs));
        return _carry();
    }

    /// @dev Does what the destination's node does with the one deposit in the logs.
    function _carry() private returns (address from, address to, bool done) {
        bytes memory packed;
        (from, to, packed) = _deposit();
        done = this.carry(from, to, packed);
    }

    /// @dev TransactionDeposited(from, to, version, mint 32 ‖ value 32 ‖ gas limit u64 ‖ creation u8 ‖ data).
    function _deposit() private returns (address from, address to, bytes memory packed) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != keccak256("TransactionDeposited(address,address,uint256,bytes)")) continue;
            assertEq(logs[i].emitter, address(destination.portal));
            from = address(uint160(uint256(logs[i].topics[1])));
            to = address(uint160(uint256(logs[i].topics[2])));
            packed = abi.decode(logs[i].data, (bytes));
        }
    }

    function carry(address from, address to, bytes calldata packed) external returns (bool done) {
        uint256 gasLimit = uint64(bytes8(packed[64:72]));
        bytes calldata data = packed[73:];
        // What the transaction itself costs, at EIP-7623's floor of 40 a byte at most.
        gasLimit -= 21_000 + 40 * data.length;
        vm.prank(from);
        (done,) = to.call{gas: gasLimit}(data);
    }
}
