// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {LogProof} from "../../../src/libraries/LogProof.sol";
import {StateProof} from "../../../src/libraries/StateProof.sol";
import {ProofError} from "../../../src/libraries/Trie.sol";
import {Lane} from "../../../src/types/Lane.sol";
import {Announcer, IL1Messenger} from "../../../src/verifiers/zk_stack/Announcer.sol";
import {Wire} from "../../core/Wire.sol";
import {World} from "../../core/World.sol";

/// @notice Where a ZK chain has its system contract; keeps what it is told, and by whom.
contract Messenger is IL1Messenger {
    bytes public said;
    address public sender;

    function sendToL1(bytes calldata message) external returns (bytes32) {
        (said, sender) = (message, msg.sender);
        return keccak256(message);
    }
}

/// @notice What is announced is what the logs' own contracts hold in this very transaction.
contract AnnouncerTest is World {
    Announcer private announcer;
    Messenger private constant MESSENGER = Messenger(0x0000000000000000000000000000000000008008);

    function setUp() public override {
        super.setUp();
        vm.etch(address(MESSENGER), address(new Messenger()).code);
        announcer = new Announcer();
        vm.roll(123);
    }

    function testFuzz_announce_saysHeadsOfLaneLogs(uint8 sent) public {
        sent = uint8(bound(sent, 1, 20));
        for (uint256 i; i < sent; ++i) {
            _send(SETTLED);
        }
        _send(ATTESTED);
        bytes32 settled = _laneOf(SETTLED).log();
        bytes32 weak = _laneOf(ATTESTED).log();
        _on(home);
        vm.expectEmit(address(announcer));
        emit Announcer.Announced(settled, headsOf[settled][sent], sent);
        vm.expectEmit(address(announcer));
        emit Announcer.Announced(weak, headsOf[weak][1], 1);
        vm.prank(makeAddr("anyone"));
        announcer.announce(bytes.concat(_place(_laneOf(SETTLED), 0, 0), _place(_laneOf(ATTESTED), 0, 0)));
        assertEq(MESSENGER.sender(), address(announcer));
        assertEq(
            MESSENGER.said(),
            abi.encodePacked(uint64(123), away.id, settled, headsOf[settled][sent], weak, headsOf[weak][1])
        );
    }

    function test_announce_saysHeadsOfPagesAndReceipts() public {
        for (uint256 i; i < 257; ++i) {
            _send(ATTESTED);
        }
        _on(home);
        bytes32 lane = _laneOf(ATTESTED).log();
        vm.expectEmit(address(announcer));
        emit Announcer.Announced(lane, headsOf[lane][256], 256);
        announcer.announce(_place(_laneOf(ATTESTED), 0, 1));
        assertEq(MESSENGER.said(), abi.encodePacked(uint64(123), away.id, lane, headsOf[lane][256]));

        _deliver(ATTESTED, 0, 2, WEAK);
        bytes32 receipts = _laneOf(ATTESTED).receiptLog();
        _on(away);
        vm.expectEmit(address(announcer));
        emit Announcer.Announced(receipts, headsOf[receipts][1], 1);
        announcer.announce(_place(_laneOf(ATTESTED), 1, 0));
        assertEq(MESSENGER.said(), abi.encodePacked(uint64(123), home.id, receipts, headsOf[receipts][1]));
    }

    function test_announce_refusesALogWithoutAHead() public {
        _on(away);
        bytes32 receipts = _laneOf(ATTESTED).receiptLog();
        vm.expectRevert(abi.encodeWithSelector(Announcer.NoHead.selector, receipts, 0));
        announcer.announce(_place(_laneOf(ATTESTED), 1, 0));
        vm.expectRevert(abi.encodeWithSelector(Announcer.NoHead.selector, receipts, 1));
        announcer.announce(_place(_laneOf(ATTESTED), 1, 1));
        _send(ATTESTED);
        bytes32 lane = _laneOf(ATTESTED).log();
        vm.expectRevert(abi.encodeWithSelector(Announcer.NoHead.selector, lane, 1));
        announcer.announce(_place(_laneOf(ATTESTED), 0, 1));
    }

    /// @dev The attack: a log of another chain, by an account that answers for it here.
    function test_announce_refusesALogOfAnotherChain() public {
        _send(ATTESTED);
        _on(away);
        bytes32 lane = _laneOf(ATTESTED).log();
        vm.expectRevert(abi.encodeWithSelector(Announcer.WrongPlace.selector, lane, home.id, away.id));
        announcer.announce(_place(_laneOf(ATTESTED), 0, 0));
    }

    function test_announce_refusesLogsForTwoChains() public {
        _send(ATTESTED);
        Lane memory other = _laneOf(ATTESTED);
        other.destination = 99;
        bytes32 lane = other.log();
        _on(home);
        vm.expectRevert(abi.encodeWithSelector(Announcer.WrongPlace.selector, lane, home.id, 99));
        announcer.announce(bytes.concat(_place(_laneOf(ATTESTED), 0, 0), _place(other, 0, 0)));
    }

    /// @dev The attack: a contract that answers as an outbox. Its lies go under the name of its own log.
    function test_announce_namesTheContractThatAnswers() public {
        _send(ATTESTED);
        Lane memory forged = _laneOf(ATTESTED);
        forged.outbox = address(0xBAD);
        vm.mockCall(
            address(0xBAD), abi.encodeCall(home.outbox.lane, (away.id, 0)), abi.encode(keccak256("a lie"), 0, 1, 0)
        );
        _on(home);
        announcer.announce(_place(forged, 0, 0));
        assertEq(MESSENGER.said(), abi.encodePacked(uint64(123), away.id, forged.log(), keccak256("a lie")));
        assertNotEq(forged.log(), _laneOf(ATTESTED).log());
    }

    function test_announce_refusesWhatIsNoPlace() public {
        _send(ATTESTED);
        _on(home);
        vm.expectRevert(Announcer.NothingToAnnounce.selector);
        announcer.announce("");
        vm.expectRevert(abi.encodeWithSelector(LogProof.UnknownKind.selector, 2));
        announcer.announce(_place(_laneOf(ATTESTED), 2, 0));
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        announcer.announce(bytes.concat(_place(_laneOf(ATTESTED), 0, 0), hex"00"));
    }

    function _place(Lane memory lane, uint8 kind, uint40 page) private pure returns (bytes memory) {
        return bytes.concat(Wire.lane(lane), abi.encodePacked(kind, page));
    }
}
