// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {LogProof} from "../../src/libraries/LogProof.sol";
import {StateProof} from "../../src/libraries/StateProof.sol";
import {ProofError} from "../../src/libraries/Trie.sol";
import {Proofs} from "./Proofs.sol";

/// @notice Golden vectors of lanes, their logs and slots: the same as Python reads.
contract LogProofTest is Test {
    string private json = vm.readFile("../tests/vectors/lanes.json");

    function test_read_findsWhereEachLogStands() public view {
        uint256 i;
        for (; vm.keyExistsJson(json, Proofs.key(i, "")); ++i) {
            uint64 origin = uint64(vm.parseJsonUint(json, Proofs.key(i, ".origin")));
            uint64 destination = uint64(vm.parseJsonUint(json, Proofs.key(i, ".destination")));
            LogProof.Place memory place = _read(i, 0, 0);
            assertEq(place.chain, origin);
            assertEq(place.reader, destination);
            assertEq(place.account, vm.parseJsonAddress(json, Proofs.key(i, ".outbox")));
            assertEq(place.log, _word(i, ".log"));
            assertEq(place.slot, _word(i, ".laneSlot"));
            assertEq(_read(i, 0, 1).slot, _word(i, ".lanePageSlot1"));
            assertEq(_read(i, 0, 70_000).slot, _word(i, ".lanePageSlot70000"));
            place = _read(i, 1, 0);
            assertEq(place.chain, destination);
            assertEq(place.reader, origin);
            assertEq(place.account, vm.parseJsonAddress(json, Proofs.key(i, ".inbox")));
            assertEq(place.log, _word(i, ".receiptLog"));
            assertEq(place.slot, _word(i, ".receiptSlot"));
            assertEq(_read(i, 1, 1).slot, _word(i, ".receiptPageSlot1"));
            assertEq(_read(i, 1, 70_000).slot, _word(i, ".receiptPageSlot70000"));
        }
        assertGt(i, 3);
    }

    function test_read_refusesAnUnknownKindAndMissingBytes() public {
        bytes memory packed = new bytes(63);
        packed[57] = 0x02;
        vm.expectRevert(abi.encodeWithSelector(LogProof.UnknownKind.selector, 2));
        this.read(packed);
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        this.read(new bytes(62));
    }

    function test_read_leavesTheRest() public view {
        (, bytes memory rest) = this.read(bytes.concat(new bytes(63), hex"abcd"));
        assertEq(rest, hex"abcd");
    }

    function read(bytes calldata data) external pure returns (LogProof.Place memory place, bytes memory rest) {
        return LogProof.read(data);
    }

    function _read(uint256 i, uint8 kind, uint40 page) private view returns (LogProof.Place memory place) {
        bytes memory lane = vm.parseJsonBytes(json, Proofs.key(i, ".lane"));
        (place,) = this.read(abi.encodePacked(lane, kind, page));
        assertEq(place.page, page);
    }

    function _word(uint256 i, string memory field) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, Proofs.key(i, field));
    }
}
