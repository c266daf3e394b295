// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRollup} from "../../interfaces/IRollup.sol";
import {BlockHeader} from "../../libraries/BlockHeader.sol";
import {StateRooted} from "../StateRooted.sol";
import {INitroInbox, RetryableTicket} from "./RetryableTicket.sol";
import {SendRoot} from "./SendRoot.sol";

/// @notice The part of Arbitrum's `Outbox` that is read here.
interface INitroOutbox {
    function bridge() external view returns (INitroBridge);
    function roots(bytes32 sendRoot) external view returns (bytes32 blockHash);
}

/// @notice The part of Arbitrum's `Bridge` that is read here.
interface INitroBridge {
    function allowedOutboxes(address outbox) external view returns (bool);
}

/// @title An Arbitrum Nitro chain, as L1 sees it now
/// @notice The rule for withdrawals, asked of the outbox and its bridge themselves: they answer for their own layout, so
/// an upgrade that keeps these functions needs no new contract here. Deposits are retryable tickets.
///
/// claim = send root 32 ‖ length u16 ‖ L2 header (RLP)
contract LiveRoots is StateRooted {
    INitroOutbox public immutable outbox;
    INitroInbox public immutable inbox;

    constructor(uint64 rollup, INitroOutbox outbox_, INitroInbox inbox_) StateRooted(rollup) {
        outbox = outbox_;
        inbox = inbox_;
    }

    /// @inheritdoc IRollup
    /// @dev A ticket that the value does not buy gas enough for is not lost: anyone can redeem it on the rollup.
    function deposit(address target, uint64 gasLimit, bytes calldata data, uint256 value, address payer)
        external
        view
        returns (address bridge, bytes memory call)
    {
        return RetryableTicket.encode(inbox, target, gasLimit, data, value, payer);
    }

    /// @inheritdoc StateRooted
    /// @custom:throws SendRoot.NotAllowed, SendRoot.NotConfirmed, StateProof.InvalidProof
    function _settled(bytes calldata proof)
        internal
        view
        override
        returns (uint64 number, bytes32 stateRoot, bytes calldata rest)
    {
        bytes32 sendRoot;
        BlockHeader.Block memory claimed;
        (sendRoot, claimed, rest) = SendRoot.read(proof);
        if (!outbox.bridge().allowedOutboxes(address(outbox))) revert SendRoot.NotAllowed(address(outbox));
        SendRoot.check(sendRoot, outbox.roots(sendRoot), claimed.hash);
        return (claimed.number, claimed.stateRoot, rest);
    }
}
