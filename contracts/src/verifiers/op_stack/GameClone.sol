// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title Code of a dispute game
/// @notice A game is a minimal proxy that carries its arguments in its code, so a root claim is proven by code hash:
/// the code is rebuilt from the arguments and the one implementation that is known, and no other layout can pass for
/// it. Source: `LibClone.clone(address, bytes)` of Solady as `DisputeGameFactory` 1.0.0 uses it; measured on a real
/// game.
library GameClone {
    /// @notice Code hash of the game that `creator` made for `claim`.
    /// @param l1Head Hash of the L1 block before its creation
    /// @param number L2 block of the claim
    function codeHash(address implementation, address creator, bytes32 claim, bytes32 l1Head, uint256 number)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encodePacked(
                // Emits ReceiveETH(uint256) when called without data; else appends the arguments and delegates.
                hex"36602c57343d527f9e4ac34f21c619cefc926c8bd93b54bf5a39c7ab2127a895af1cc0691d7e3dff593da1005b",
                hex"363d3d373d3d3d3d610076806062363936013d73",
                implementation,
                hex"5af43d3d93803e606057fd5bf3",
                creator,
                claim,
                l1Head,
                number,
                uint16(0x76) // length of the arguments, with these two bytes
            )
        );
    }
}
