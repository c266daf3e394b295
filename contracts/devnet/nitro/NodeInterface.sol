// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ArbOS} from "./ArbOS.sol";
import {ArbSys} from "./ArbSys.sol";
import {System} from "./System.sol";

/// @title NodeInterface, emulated
/// @notice What a Nitro node computes for who asks at 0xc8, as far as a contract can. `estimateRetryableTicket` is the
/// node's: the devnet's door answers it.
contract NodeInterface {
    error AskTheNode();

    /// @notice Way from a send's leaf to the root of the first `size` sends.
    function constructOutboxProof(uint64 size, uint64 leaf)
        external
        view
        returns (bytes32 send, bytes32 root, bytes32[] memory proof)
    {
        require(leaf < size, "leaf out of range");
        bytes32[] memory nodes = new bytes32[](size);
        for (uint256 i; i < size; ++i) {
            nodes[i] = ArbSys(System.ARB_SYS).leaf(i);
        }
        send = nodes[leaf];
        uint256 depth;
        while (uint256(1) << depth < size) ++depth;
        proof = new bytes32[](depth);
        uint256 width = size;
        for (uint256 level; level < depth; ++level) {
            uint256 beside = (leaf >> level) ^ 1;
            proof[level] = beside < width ? nodes[beside] : bytes32(0);
            for (uint256 i; i < width; i += 2) {
                bytes32 right = i + 1 < width ? nodes[i + 1] : bytes32(0);
                nodes[i / 2] = keccak256(abi.encodePacked(nodes[i], right));
            }
            width = (width + 1) / 2;
        }
        root = nodes[0];
    }

    function estimateRetryableTicket(address, uint256, address, uint256, address, address, bytes calldata)
        external
        pure
    {
        revert AskTheNode();
    }

    /// @notice Gas of a call and the fees it pays. Nothing is paid for L1's data here.
    function gasEstimateComponents(address to, bool creation, bytes calldata data)
        external
        payable
        returns (uint64 gasEstimate, uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFeeEstimate)
    {
        uint256 before = gasleft();
        bool done;
        if (creation) {
            bytes memory code = data;
            // The code lies behind its length word.
            assembly ("memory-safe") {
                done := iszero(iszero(create(callvalue(), add(code, 0x20), mload(code))))
            }
        } else {
            (done,) = to.call{value: msg.value}(data);
        }
        require(done, "execution reverted");
        uint256 used = before - gasleft() + 21_000 + 16 * data.length;
        // As nodes search it: enough also for calls that hand on 63 of 64 parts.
        gasEstimate = uint64(used + used / 32);
        return (gasEstimate, 0, block.basefee, ArbOS(System.ARB_OS).l1BaseFee());
    }

    function gasEstimateL1Component(address, bool, bytes calldata)
        external
        payable
        returns (uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFeeEstimate)
    {
        return (0, block.basefee, ArbOS(System.ARB_OS).l1BaseFee());
    }

    function nitroGenesisBlock() external pure returns (uint256) {
        return 0;
    }
}
