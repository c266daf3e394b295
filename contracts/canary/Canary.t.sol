// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

/// @notice A test that must fail: a gate that lets it pass would let anything pass.
contract CanaryTest is Test {
    function test_canary_fails() external pure {
        assertTrue(false, "the canary sings");
    }
}
