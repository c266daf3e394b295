// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Stand-in for wrapped ether, which stakes are in
contract StakeTokenStandIn is ERC20("Stake", "STAKE") {
    function deposit() external payable {
        _mint(msg.sender, msg.value);
    }
}
