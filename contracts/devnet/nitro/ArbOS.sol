// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ArbRetryableTx} from "./ArbRetryableTx.sol";
import {System} from "./System.sol";

/// @title ArbOS, emulated
/// @notice What every block of a Nitro chain begins with: the block of L1 that it is derived from, and the end of what is
/// too old. Stands where ArbOS does, at 0xA4B05; only the sequencer's system transactions change it.
contract ArbOS {
    /// @notice Block of L1 that this block is derived from, which Nitro has for `block.number` as well.
    uint64 public l1BlockNumber;
    /// @notice Which block of that origin this one is, from 0.
    uint64 public sequenceNumber;
    bytes32 public l1BlockHash;
    uint256 public l1BaseFee;

    /// @notice The first transaction of a block.
    function begin(uint64 number, bytes32 hash, uint64 sequence, uint256 baseFee) external {
        System.only();
        l1BlockNumber = number;
        l1BlockHash = hash;
        sequenceNumber = sequence;
        l1BaseFee = baseFee;
        ArbRetryableTx(System.ARB_RETRYABLE_TX).reap();
    }
}
