// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BlockHeader as Twin} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {Test} from "forge-std/Test.sol";

import {BlockHeader} from "../../src/libraries/BlockHeader.sol";
import {StateProof} from "../../src/libraries/StateProof.sol";
import {ProofError} from "../../src/libraries/Trie.sol";
import {Games, Station} from "../verifiers/Games.sol";
import {Proofs} from "./Proofs.sol";

contract HeaderReader {
    function read(bytes calldata header) external pure returns (BlockHeader.Block memory) {
        return BlockHeader.read(header);
    }

    function readTwin(bytes memory header) external pure returns (BlockHeader.Block memory) {
        return BlockHeader.Block(
            keccak256(header),
            Twin.getStateRoot(header),
            uint64(Twin.getNumber(header)),
            uint64(Twin.getTimestamp(header))
        );
    }
}

/// @notice Real headers, and each way in which bytes can fail to be one. OpenZeppelin's reader is the twin.
contract BlockHeaderTest is Test {
    HeaderReader private immutable reader = new HeaderReader();
    Station private station;
    bytes private header;

    function setUp() public {
        station = Games.named("settled");
        (header,,) = Games.split(station.rootProof);
    }

    function test_read_tellsWhatTheBlockIs() public view {
        BlockHeader.Block memory b = reader.read(header);
        assertEq(b.hash, keccak256(header));
        assertEq(b.stateRoot, station.l1StateRoot);
        assertEq(b.number, station.l1Number);
        assertEq(b.timestamp, station.l1Timestamp);
    }

    function test_read_readsNumbersOfEveryLength() public view {
        uint64[7] memory numbers = [uint64(0), 1, 127, 128, 255, 65_536, type(uint64).max];
        for (uint256 i; i < numbers.length; ++i) {
            for (uint256 j; j < numbers.length; ++j) {
                BlockHeader.Block memory b = reader.read(_header(_rlp(numbers[i]), _rlp(numbers[j])));
                assertEq(b.number, numbers[i]);
                assertEq(b.timestamp, numbers[j]);
            }
        }
    }

    function test_read_refusesNumbersThatAreNotCanonical() public {
        bytes[7] memory wrong = [
            bytes(hex"00"), // zero is the empty string
            hex"8105", // 5 stands for itself
            hex"820005", // leading zero
            hex"8100",
            hex"89010000000000000000", // 9 bytes
            hex"b801ff", // long form of 1
            hex"c105" // a list
        ];
        for (uint256 i; i < wrong.length; ++i) {
            _refuses(_header(wrong[i], hex"05"));
            _refuses(_header(hex"05", wrong[i]));
        }
    }

    function test_read_refusesAnotherShape() public {
        _refuses("");
        _refuses(bytes.concat(header, hex"00")); // a byte left over
        for (uint256 size; size < header.length; size += 7) {
            _refuses(Proofs.slice(header, 0, size));
        }
        // First bytes of the list and of each item up to the difficulty.
        uint256[10] memory places = [uint256(0), 1, 3, 36, 69, 90, 123, 156, 189, 448];
        for (uint256 i; i < places.length; ++i) {
            _refuses(Proofs.splice(header, places[i], 1, abi.encodePacked(header[places[i]] ^ 0x01)));
        }
    }

    /// @custom:invariant What is read from changed bytes is what the twin reads from them.
    function testFuzz_read_agreesWithTheTwin(uint256 seed, uint8 put) public view {
        bytes memory changed = header;
        uint256 place = seed % changed.length;
        changed[place] = bytes1(put);
        try reader.read(changed) returns (BlockHeader.Block memory ours) {
            try reader.readTwin(changed) returns (BlockHeader.Block memory theirs) {
                assertEq(abi.encode(ours), abi.encode(theirs));
            } catch {
                // The twin also walks over the fields that follow the timestamp; a hash that is known vouches for
                // those.
                assertGt(place, 460);
            }
        } catch {}
    }

    function _refuses(bytes memory wrong) private {
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.BAD_HEADER));
        reader.read(wrong);
    }

    /// @dev The real header up to its difficulty, then these.
    function _header(bytes memory number, bytes memory timestamp) private view returns (bytes memory) {
        bytes memory body = bytes.concat(
            Proofs.slice(header, 3, 446),
            number,
            hex"84039387008252c1",
            timestamp,
            hex"80a0",
            bytes32(0),
            hex"880000000000000000"
        );
        return bytes.concat(hex"f9", bytes2(uint16(body.length)), body);
    }

    function _rlp(uint64 number) private pure returns (bytes memory) {
        if (number == 0) return hex"80";
        if (number < 0x80) return abi.encodePacked(uint8(number));
        uint256 size;
        while (size < 8 && number >> (8 * size) != 0) ++size;
        return bytes.concat(bytes1(uint8(0x80 + size)), Proofs.slice(abi.encodePacked(number), 8 - size, size));
    }
}
