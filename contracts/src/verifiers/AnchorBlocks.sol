// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IRollup} from "../interfaces/IRollup.sol";
import {IRouter} from "../interfaces/IRouter.sol";
import {SentCheckpoints} from "./SentCheckpoints.sol";

/// @title L1 tells rollups its block hashes
/// @notice For chains that do not see L1's hashes by themselves (Arbitrum, ZK Stack): the hash of the newest whole block
/// goes by the rollup's canonical bridge to its {SentCheckpoints}. Keeps nothing, belongs to nobody, says only what
/// the EVM says; anyone may send, as often as he pays for it.
contract AnchorBlocks {
    /// @notice Rollup `chain` is told at `checkpoints` that block `number` of L1 has this hash; `value` wei went along.
    /// Whoever waits for it looks at both: another address hears of it instead, or too little buys no gas there.
    event BlockSent(
        uint64 indexed chain, uint64 indexed number, address indexed checkpoints, bytes32 hash, uint256 value
    );

    /// @dev Gas that {SentCheckpoints.accept} takes on the rollup with the transaction around it: a new storage slot, an
    /// event, and the calldata at the floor price of EIP-7623.
    uint64 internal constant GAS = 60_000;

    /// @notice Knows each rollup's bridge.
    IRouter public immutable router;

    constructor(IRouter router_) {
        router = router_;
    }

    /// @notice Sends the hash of the block before this one. All value goes along with the deposit: it buys gas there,
    /// and what is left over is the caller's on the rollup.
    /// @param chain The rollup
    /// @param checkpoints Its {SentCheckpoints}; another address hears something true, too
    /// @custom:throws IRouter.NotConnected and what the rollup and its bridge throw
    function send(uint64 chain, address checkpoints) external payable {
        IRollup rollup = router.rollupOf(chain);
        if (address(rollup) == address(0)) revert IRouter.NotConnected(chain);
        // A block does not know its own hash.
        uint64 number = uint64(block.number - 1);
        bytes32 hash = blockhash(number);
        (address bridge, bytes memory call) = rollup.deposit(
            checkpoints, GAS, abi.encodeCall(SentCheckpoints.accept, (number, hash)), msg.value, msg.sender
        );
        Address.functionCallWithValue(bridge, call, msg.value);
        emit BlockSent(chain, number, checkpoints, hash, msg.value);
    }
}
