// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test, Vm} from "forge-std/Test.sol";

import {Router} from "../../../src/Router.sol";
import {IRollup} from "../../../src/interfaces/IRollup.sol";
import {RoutedHead} from "../../../src/interfaces/IRoutedHeads.sol";
import {StateProof} from "../../../src/libraries/StateProof.sol";
import {ProofError} from "../../../src/libraries/Trie.sol";
import {RoutedHeads} from "../../../src/verifiers/RoutedHeads.sol";
import {LiveBatches} from "../../../src/verifiers/zk_stack/LiveBatches.sol";
import {IDepositBridgehub} from "../../../src/verifiers/zk_stack/PriorityRequest.sol";
import {Proofs} from "../../libraries/Proofs.sol";
import {Batches} from "./Batches.sol";

/// @notice Only what the chain's announcer said in an executed batch is a head; Matter Labs' own mailbox judges.
contract LiveBatchesTest is Test {
    uint64 private constant CHAIN = 904;
    uint64 private constant READER = 905;
    uint256 private constant BATCH = 12;
    uint256 private constant INDEX = 5;
    uint16 private constant NUMBER = 3;
    IDepositBridgehub private constant NONE = IDepositBridgehub(address(0));

    address private announcer = makeAddr("announcer");
    address private mailbox;
    LiveBatches private live;
    bytes private message;

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.txGasPrice(2 gwei);
        mailbox = Batches.deploy();
        live = new LiveBatches(CHAIN, mailbox, NONE, announcer);
        message = abi.encodePacked(uint64(77), READER, _log(0), _head(0), _log(1), _head(1));
    }

    // ---------------------------------------------------------------- heads

    function testFuzz_heads_areThoseOfTheMessage(uint64 batch, uint256 index, uint8 count) public {
        count = uint8(bound(count, 1, 30));
        index = bound(index, 0, 2 ** Batches.HEIGHT - 1);
        message = abi.encodePacked(uint64(77), READER);
        for (uint256 i; i < count; ++i) {
            message = bytes.concat(message, _log(i), _head(i));
        }
        bytes32[] memory path = Batches.execute(mailbox, batch, index, NUMBER, announcer, message);
        bytes memory proof =
            abi.encodePacked(batch, uint64(index), NUMBER, uint8(path.length), abi.encodePacked(path), message);
        (uint64 number, uint64 destination, RoutedHead[] memory shown) = live.heads(proof);
        assertEq(number, 77);
        assertEq(destination, READER);
        assertEq(shown.length, count);
        for (uint256 i; i < count; ++i) {
            assertEq(shown[i].log, _log(i));
            assertEq(shown[i].head, _head(i));
        }
    }

    function test_heads_refusesABatchThatIsNotExecuted() public {
        bytes memory proof = _executed(announcer);
        vm.store(mailbox, bytes32(uint256(11)), bytes32(BATCH - 1));
        vm.expectRevert(bytes("xx")); // the mailbox's own
        live.heads(proof);
    }

    /// @dev The attack: anyone may send messages to L1, in the announcer's form.
    function testFuzz_heads_refusesAnotherSender(address sender) public {
        vm.assume(sender != announcer);
        bytes memory proof = _executed(sender);
        vm.expectRevert(abi.encodeWithSelector(LiveBatches.NotIncluded.selector, BATCH, INDEX));
        live.heads(proof);
    }

    /// @dev The attack: a batch of another ZK chain, or of this one before.
    function test_heads_refusesTheBatchOfAnotherChain() public {
        bytes memory proof = _executed(announcer);
        live.heads(proof);
        LiveBatches other = new LiveBatches(CHAIN + 1, Batches.deploy(), NONE, announcer);
        vm.expectRevert(bytes("xx"));
        other.heads(proof);
        Batches.execute(mailbox, BATCH + 1, INDEX, NUMBER, announcer, "another message");
        vm.expectRevert(abi.encodeWithSelector(LiveBatches.NotIncluded.selector, BATCH + 1, INDEX));
        live.heads(bytes.concat(abi.encodePacked(uint64(BATCH + 1)), Proofs.slice(proof, 8, proof.length - 8)));
    }

    /// @custom:invariant A changed proof shows nothing.
    function testFuzz_heads_refusesAChange(uint256 seed, uint8 bit) public {
        bytes memory proof = _executed(announcer);
        proof[seed % proof.length] ^= bytes1(uint8(1 << (bit % 8)));
        vm.expectRevert();
        live.heads(proof);
    }

    function test_heads_refusesACutProof() public {
        bytes memory proof = _executed(announcer);
        for (uint256 size; size < 19 + 32 * Batches.HEIGHT; size += 13) {
            vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
            live.heads(Proofs.slice(proof, 0, size));
        }
        vm.expectRevert(abi.encodeWithSelector(LiveBatches.NotIncluded.selector, BATCH, INDEX));
        live.heads(Proofs.slice(proof, 0, proof.length - 1));
    }

    /// @dev A path of another length would make an inner node pass for a log.
    function test_heads_refusesAPathOfAnotherLength() public {
        bytes memory proof = _executed(announcer);
        bytes memory shorter = Proofs.splice(proof, 18, 33, abi.encodePacked(uint8(Batches.HEIGHT - 1)));
        vm.expectRevert(bytes("rz")); // the mailbox's own
        live.heads(shorter);
    }

    function test_heads_refusesAMessageOfAnotherShape() public {
        uint256[7] memory sizes = [uint256(0), 15, 16, 79, 81, 112, 143];
        for (uint256 i; i < sizes.length; ++i) {
            message = new bytes(sizes[i]);
            bytes memory proof = _executed(announcer);
            vm.expectRevert(abi.encodeWithSelector(LiveBatches.NotHeads.selector, sizes[i]));
            live.heads(proof);
        }
    }

    // ---------------------------------------------------------------- deposit

    function testFuzz_deposit_isAPriorityRequestToTheDiamond(uint64 gasLimit, uint96 value, uint16 size) public {
        gasLimit = uint64(bound(gasLimit, 30_000, 10_000_000));
        bytes memory data = new bytes(size % 500);
        uint256 cost = _cost(gasLimit);
        value = uint96(bound(value, cost, type(uint96).max));
        address payer = makeAddr("payer");
        (address bridge, bytes memory call) = live.deposit(address(0xB0B), gasLimit, data, value, payer);
        assertEq(bridge, mailbox);
        deal(address(this), value);
        vm.recordLogs();
        (bool done,) = bridge.call{value: value}(call);
        assertTrue(done, "the mailbox refuses it");
        (address from, address to, uint256 refunds, uint256 minted, bytes memory said) = _request();
        assertEq(
            uint160(from),
            uint160(uint256(uint160(address(this))) + uint160(0x1111000000000000000000000000000000001111))
        );
        assertEq(to, address(0xB0B));
        assertEq(address(uint160(refunds)), payer);
        assertEq(minted, value);
        assertEq(said, data);
    }

    function test_deposit_refusesTooLittleValue() public {
        uint256 cost = _cost(77_000);
        assertGt(cost, 0);
        vm.expectRevert(abi.encodeWithSelector(IRollup.WrongValue.selector, cost - 1, cost));
        live.deposit(address(this), 77_000, "", cost - 1, address(this));
        live.deposit(address(this), 77_000, "", cost, address(this));
    }

    /// @dev The bytes are those that today's interface gives (tests/vectors/zk_stack/deposit.json).
    function test_deposit_goesByTheBridgehubWhereThereIsOne() public {
        string memory json = vm.readFile("../tests/vectors/zk_stack/deposit.json");
        uint64 chain = uint64(vm.parseJsonUint(json, ".chain"));
        uint64 gasLimit = uint64(vm.parseJsonUint(json, ".gasLimit"));
        uint256 value = vm.parseJsonUint(json, ".value");
        bytes memory data = vm.parseJsonBytes(json, ".data");
        vm.txGasPrice(vm.parseJsonUint(json, ".gasPrice"));
        address bridgehub = makeAddr("bridgehub");
        vm.mockCall(bridgehub, vm.parseJsonBytes(json, ".baseCost"), abi.encode(value));
        live = new LiveBatches(chain, mailbox, IDepositBridgehub(bridgehub), announcer);
        (address target, address payer) = (vm.parseJsonAddress(json, ".target"), vm.parseJsonAddress(json, ".payer"));

        (address bridge, bytes memory call) = live.deposit(target, gasLimit, data, value, payer);
        assertEq(bridge, bridgehub);
        assertEq(call, vm.parseJsonBytes(json, ".call"));
        vm.expectRevert(abi.encodeWithSelector(IRollup.WrongValue.selector, value - 1, value));
        live.deposit(target, gasLimit, data, value - 1, payer);
    }

    /// @dev From one ZK chain to another, by the router: its name, and its caller's refund.
    function test_push_carriesAnnouncedHeadsInTheRoutersName() public {
        Router router = new Router(address(this));
        RoutedHeads heads = new RoutedHeads(address(router));
        router.connect(CHAIN, live, address(0));
        router.connect(READER, new LiveBatches(READER, Batches.deploy(), NONE, announcer), address(heads));
        bytes memory proof = _executed(announcer);
        address payer = makeAddr("payer");
        uint256 value = _cost(45_000 + 2 * 32_000);
        deal(payer, value);
        vm.recordLogs();
        vm.prank(payer);
        router.push{value: value}(CHAIN, proof);
        (address from, address to, uint256 refunds,, bytes memory data) = _request();
        assertEq(from, heads.router());
        assertEq(to, address(heads));
        assertEq(address(uint160(refunds)), payer);
        vm.prank(from);
        (bool done,) = to.call(data);
        assertTrue(done);
        heads.verify(_log(0), _head(0), 1, "");
        heads.verify(_log(1), _head(1), 1, "");
    }

    // ---------------------------------------------------------------- words for the above

    /// @dev A batch in which `sender` said `message`, and the proof of it.
    function _executed(address sender) private returns (bytes memory) {
        bytes32[] memory path = Batches.execute(mailbox, BATCH, INDEX, NUMBER, sender, message);
        return
            abi.encodePacked(uint64(BATCH), uint64(INDEX), NUMBER, uint8(path.length), abi.encodePacked(path), message);
    }

    /// @dev By the mailbox's own getter.
    function _cost(uint64 gasLimit) private view returns (uint256) {
        (, bytes memory answer) = mailbox.staticcall(
            abi.encodeWithSignature(
                "l2TransactionBaseCost(uint256,uint256,uint256)", 2 gwei, 600_000 + 4 * uint256(gasLimit), 800
            )
        );
        return abi.decode(answer, (uint256));
    }

    struct Canonical {
        uint256 txType;
        uint256 from;
        uint256 to;
        uint256 gasLimit;
        uint256 gasPerPubdataByteLimit;
        uint256 maxFeePerGas;
        uint256 maxPriorityFeePerGas;
        uint256 paymaster;
        uint256 nonce;
        uint256 value;
        uint256[4] reserved;
        bytes data;
        bytes signature;
        uint256[] factoryDeps;
        bytes paymasterInput;
        bytes reservedDynamic;
    }

    /// @dev The one priority request in the logs, as the chain's node reads it.
    function _request() private returns (address from, address to, uint256 refunds, uint256 minted, bytes memory data) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory request = logs[logs.length - 1];
        (,,, Canonical memory made,) = abi.decode(request.data, (uint256, bytes32, uint64, Canonical, bytes[]));
        return (address(uint160(made.from)), address(uint160(made.to)), made.reserved[1], made.reserved[0], made.data);
    }

    function _log(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("log", i));
    }

    function _head(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("head", i));
    }
}
