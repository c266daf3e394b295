// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {IRollup} from "../../interfaces/IRollup.sol";

/// @notice The part of Arbitrum's `Inbox` that takes deposits.
interface INitroInbox {
    function calculateRetryableSubmissionFee(uint256 dataLength, uint256 baseFee) external view returns (uint256);
    function createRetryableTicket(
        address to,
        uint256 l2CallValue,
        uint256 maxSubmissionCost,
        address excessFeeRefundAddress,
        address callValueRefundAddress,
        uint256 gasLimit,
        uint256 maxFeePerGas,
        bytes calldata data
    ) external payable returns (uint256);
}

/// @title A deposit by the canonical bridge of an Arbitrum Nitro chain
/// @notice The wei that go along buy the ticket: first its submission, at the price of this block, then, all of the
/// rest, its gas on the rollup. What gas costs less there is refunded to the payer, who also is the ticket's
/// beneficiary: he alone could cancel it. The inbox aliases a payer that is a contract. For chains whose gas is ETH;
/// those with a token of their own have another inbox.
/// Source: `AbsInbox._createRetryableTicket` of nitro-contracts 3.2.0.
library RetryableTicket {
    /// @dev A price of one wei is reserved: the inbox reverts with the ticket's data, for estimates.
    uint256 private constant LEAST_GAS_PRICE = 2;

    /// @notice The call for {IRollup.deposit}.
    /// @custom:throws IRollup.WrongValue
    function encode(
        INitroInbox inbox,
        address target,
        uint64 gasLimit,
        bytes calldata data,
        uint256 value,
        address payer
    ) internal view returns (address bridge, bytes memory call) {
        uint256 submission = inbox.calculateRetryableSubmissionFee(data.length, block.basefee);
        uint256 least = submission + LEAST_GAS_PRICE * gasLimit;
        if (value < least) revert IRollup.WrongValue(value, least);
        uint256 price = (value - submission) / gasLimit;
        call = abi.encodeCall(
            INitroInbox.createRetryableTicket, (target, 0, submission, payer, payer, gasLimit, price, data)
        );
        return (address(inbox), call);
    }
}
