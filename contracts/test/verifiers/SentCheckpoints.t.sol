// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Router} from "../../src/Router.sol";
import {ICheckpoints} from "../../src/interfaces/ICheckpoints.sol";
import {IRollup} from "../../src/interfaces/IRollup.sol";
import {RoutedHead} from "../../src/interfaces/IRoutedHeads.sol";
import {IRouter} from "../../src/interfaces/IRouter.sol";
import {AnchorBlocks} from "../../src/verifiers/AnchorBlocks.sol";
import {SentCheckpoints} from "../../src/verifiers/SentCheckpoints.sol";

/// @notice A rollup whose bridge carries deposits over at once, from the alias of whoever makes them.
contract NearRollup is IRollup {
    uint64 public constant chain = 42;
    address public payer;

    function heads(bytes calldata) external pure returns (uint64, uint64, RoutedHead[] memory none) {
        return (0, 0, none);
    }

    function deposit(address target, uint64 gasLimit, bytes calldata data, uint256, address payer_)
        external
        view
        returns (address, bytes memory)
    {
        return (address(this), abi.encodeCall(this.take, (target, gasLimit, data, payer_)));
    }

    function take(address target, uint64 gasLimit, bytes calldata data, address payer_) external payable {
        payer = payer_;
        last = Last(msg.sender, target, gasLimit, data);
    }

    struct Last {
        address sender;
        address target;
        uint64 gasLimit;
        bytes data;
    }

    Last public last;
}

/// @notice L1 tells a chain its block hashes; nobody else does.
contract SentCheckpointsTest is Test {
    uint160 private constant OFFSET = uint160(0x1111000000000000000000000000000000001111);

    Router private router;
    NearRollup private rollup;
    AnchorBlocks private blocks;
    SentCheckpoints private checkpoints;

    function setUp() public {
        router = new Router(address(this));
        rollup = new NearRollup();
        router.connect(42, rollup, address(0));
        blocks = new AnchorBlocks(router);
        checkpoints = new SentCheckpoints(address(blocks));
        vm.roll(1000);
    }

    function testFuzz_send_carriesTheHashOfTheBlockBefore(uint64 number, uint96 value) public {
        number = uint64(bound(number, 1, type(uint64).max - 1));
        vm.roll(uint256(number) + 1);
        vm.setBlockhash(number, keccak256(abi.encode(number)));
        address payer = makeAddr("payer");
        deal(payer, value);
        vm.expectEmit(address(blocks));
        emit AnchorBlocks.BlockSent(42, number, address(checkpoints), keccak256(abi.encode(number)), value);
        vm.prank(payer);
        blocks.send{value: value}(42, address(checkpoints));
        assertEq(address(rollup).balance, value);
        assertEq(rollup.payer(), payer);

        assertFalse(checkpoints.isKnown(number, keccak256(abi.encode(number))));
        vm.expectEmit(address(checkpoints));
        emit ICheckpoints.Checkpointed(number, keccak256(abi.encode(number)));
        _carry();
        assertTrue(checkpoints.isKnown(number, keccak256(abi.encode(number))));
        assertEq(checkpoints.hashOf(number), keccak256(abi.encode(number)));
        assertFalse(checkpoints.isKnown(number, keccak256("another")));
        assertFalse(checkpoints.isKnown(number - 1, keccak256(abi.encode(number))));
    }

    function test_send_refusesARollupThatIsNotConnected() public {
        vm.expectRevert(abi.encodeWithSelector(IRouter.NotConnected.selector, 43));
        blocks.send(43, address(checkpoints));
    }

    /// @dev The bridge charges for the gas asked for: enough, and not much more.
    function test_send_asksForEnoughGas() public {
        vm.setBlockhash(999, keccak256("hash"));
        blocks.send(42, address(checkpoints));
        (address sender, address target, uint64 gasLimit, bytes memory data) = rollup.last();
        // What the transaction itself costs, at EIP-7623's floor of 40 a byte at most.
        unchecked {
            vm.prank(address(uint160(sender) + OFFSET));
        }
        uint256 before = gasleft();
        (bool done,) = target.call{gas: gasLimit - 21_000 - 40 * data.length}(data);
        assertTrue(done);
        assertGt(before - gasleft() + 21_000 + 40 * data.length, uint256(gasLimit) * 2 / 3, "asks for far too much");
    }

    /// @dev The attack: whoever can deposit, or stands at the same address here, makes up a block.
    function testFuzz_accept_refusesAnySenderButTheAlias(address sender) public {
        address expected = checkpoints.anchorBlocks();
        vm.assume(sender != expected);
        vm.prank(sender);
        vm.expectRevert(abi.encodeWithSelector(SentCheckpoints.NotAnchorBlocks.selector, sender, expected));
        checkpoints.accept(1, keccak256("forged"));
        vm.prank(address(blocks));
        vm.expectRevert(abi.encodeWithSelector(SentCheckpoints.NotAnchorBlocks.selector, address(blocks), expected));
        checkpoints.accept(1, keccak256("forged"));
    }

    function test_accept_refusesTheHashZero() public {
        vm.prank(checkpoints.anchorBlocks());
        vm.expectRevert(abi.encodeWithSelector(SentCheckpoints.ZeroHash.selector, 7));
        checkpoints.accept(7, 0);
        assertFalse(checkpoints.isKnown(7, 0));
    }

    /// @dev After a reorganisation of L1 the chain derives anew, and so does this.
    function test_accept_takesTheLaterWord() public {
        vm.startPrank(checkpoints.anchorBlocks());
        checkpoints.accept(7, keccak256("before"));
        checkpoints.accept(7, keccak256("after"));
        vm.stopPrank();
        assertTrue(checkpoints.isKnown(7, keccak256("after")));
        assertFalse(checkpoints.isKnown(7, keccak256("before")));
    }

    /// @dev Does what the rollup's node does with the deposit.
    function _carry() private {
        (address sender, address target, uint64 gasLimit, bytes memory data) = rollup.last();
        unchecked {
            vm.prank(address(uint160(sender) + OFFSET));
        }
        (bool done,) = target.call{gas: gasLimit}(data);
        assertTrue(done);
    }
}
