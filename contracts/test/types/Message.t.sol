// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {HEADER_SIZE, Message} from "../../src/types/Message.sol";

contract MessageTest is Test {
    function testFuzz_id_isTheHashOfTheHeader(Message memory m, bytes memory dirt) public pure {
        bytes memory header = m.encode();
        // Free memory is not always zero.
        assembly {
            mcopy(mload(0x40), dirt, add(mload(dirt), 0x20))
        }

        assertEq(header.length, HEADER_SIZE);
        assertEq(m.id(), keccak256(header));
    }
}
