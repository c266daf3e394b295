// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {Test} from "forge-std/Test.sol";

import {EvmAddress} from "../../src/libraries/EvmAddress.sol";

contract EvmAddressTest is Test {
    address private constant ALICE = 0xa11ce00000000000000000000000000000000001;

    function parse(bytes memory it) external pure returns (uint64, address) {
        return EvmAddress.parse(it);
    }

    function parseCalldata(bytes calldata it) external pure returns (uint64, address) {
        return EvmAddress.parseCalldata(it);
    }

    function test_parse_refusesOtherSpellings() public {
        _refuses("");
        _refuses(hex"0001");
        _refuses(InteroperableAddress.formatEvmV1(ALICE)); // no chain
        _refuses(InteroperableAddress.formatEvmV1(uint256(10))); // no account
        _refuses(abi.encodePacked(hex"00010000010a14", ALICE, hex"00")); // a byte after it
        _refuses(abi.encodePacked(hex"0001000002000a14", ALICE)); // leading zero
        _refuses(abi.encodePacked(hex"00010000010014", ALICE)); // chain 0
        _refuses(abi.encodePacked(hex"00020000010a14", ALICE)); // version 2
        _refuses(abi.encodePacked(hex"00010002010a14", ALICE)); // another chain type
        _refuses(abi.encodePacked(hex"00010000010a13", ALICE)); // wrong length of the account
        _refuses(abi.encodePacked(hex"00010000010a13", bytes19(bytes20(ALICE)))); // a short account
        _refuses(abi.encodePacked(hex"0001000009010000000000000000", hex"14", ALICE)); // 9 bytes of chain id
    }

    function testFuzz_parse_readsWhatOpenZeppelinWrites(uint64 chainId, address account) public view {
        vm.assume(chainId != 0);
        bytes memory it = InteroperableAddress.formatEvmV1(uint256(chainId), account);

        (uint64 a, address b) = this.parse(it);
        (uint64 c, address d) = this.parseCalldata(it);

        assertEq(a, chainId);
        assertEq(b, account);
        assertEq(c, chainId);
        assertEq(d, account);
    }

    /// @dev Whatever is accepted is the very spelling that OpenZeppelin writes.
    function testFuzz_parse_acceptsOneSpelling(bytes calldata noise, uint8 size) public view {
        bytes memory it = abi.encodePacked(hex"00010000", uint8(bound(size, 0, 9)), noise);
        try this.parse(it) returns (uint64 chainId, address account) {
            assertEq(it, InteroperableAddress.formatEvmV1(uint256(chainId), account));
        } catch {}
    }

    function _refuses(bytes memory it) private {
        vm.expectRevert(abi.encodeWithSelector(EvmAddress.BadAddress.selector, it));
        this.parse(it);
        vm.expectRevert(abi.encodeWithSelector(EvmAddress.BadAddress.selector, it));
        this.parseCalldata(it);
    }
}
