// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {L1Messenger} from "./L1Messenger.sol";

/// @title Ether of a ZK-stack chain as a contract, for the devnet
/// @notice Stands at 0x800A, and lets ether out to L1 by the message that the Diamond pays on. The real one burns what
/// is withdrawn; here nobody can take it out any more, which comes to the same.
contract BaseToken {
    /// @notice Where the messages go.
    L1Messenger private constant MESSENGER = L1Messenger(address(0x8008));
    /// @notice `finalizeEthWithdrawal(uint256,uint256,uint16,bytes,bytes32[])`, by which the Diamond knows the message.
    bytes4 private constant FINALIZE =
        bytes4(keccak256("finalizeEthWithdrawal(uint256,uint256,uint16,bytes,bytes32[])"));

    /// @notice `_amount` wei are on their way to `_l1Receiver`.
    event Withdrawal(address indexed _l2Sender, address indexed _l1Receiver, uint256 _amount);

    /// @notice Withdraws the call's value to an account on L1.
    function withdraw(address receiver) external payable {
        MESSENGER.sendToL1(abi.encodePacked(FINALIZE, receiver, msg.value));
        emit Withdrawal(msg.sender, receiver, msg.value);
    }

    /// @notice Ether of an account, which the real one takes as a word.
    function balanceOf(uint256 account) external view returns (uint256) {
        return address(uint160(account)).balance;
    }

    function name() external pure returns (string memory) {
        return "Ether";
    }

    function symbol() external pure returns (string memory) {
        return "ETH";
    }

    function decimals() external pure returns (uint8) {
        return 18;
    }
}
