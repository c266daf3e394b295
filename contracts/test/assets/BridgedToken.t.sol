// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC7802} from "@openzeppelin/contracts/interfaces/draft-IERC7802.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Test} from "forge-std/Test.sol";

import {BridgedToken} from "../../src/assets/BridgedToken.sol";

contract BridgedTokenTest is Test {
    BridgedToken private token;

    function setUp() public {
        token = new BridgedToken("Coin", "C", 6);
    }

    function testFuzz_mintAndBurn_revertForAllButTheBridge(address caller) public {
        vm.assume(caller != address(this) && caller != address(0)); // nobody mints to zero
        bytes memory refusal = abi.encodeWithSelector(BridgedToken.NotBridge.selector, caller);
        token.crosschainMint(caller, 1);

        vm.startPrank(caller);
        vm.expectRevert(refusal);
        token.crosschainMint(caller, 1);
        vm.expectRevert(refusal);
        token.crosschainBurn(caller, 1);
    }

    function test_mintAndBurn_moveTheSupply() public {
        token.crosschainMint(address(1), 5);
        token.crosschainBurn(address(1), 2);

        assertEq(token.totalSupply(), 3);
        assertEq(token.balanceOf(address(1)), 3);
    }

    function test_decimals_areThoseAtHome() public view {
        assertEq(token.decimals(), 6);
    }

    function test_supportsInterface_saysWhatItIs() public view {
        assertTrue(token.supportsInterface(type(IERC7802).interfaceId));
        assertTrue(token.supportsInterface(type(IERC165).interfaceId));
        assertFalse(token.supportsInterface(0xffffffff));
    }
}
