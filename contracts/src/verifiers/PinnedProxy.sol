// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {StateProof} from "../libraries/StateProof.sol";

/// @title Storage of a rollup's proxies on L1, as long as the code behind them is known
/// @notice A slot means what it does in one implementation only. So the implementation is proven beside the slot, and
/// another one than the pinned is refused: an upgrade stops the rule, it never moves a slot under it.
library PinnedProxy {
    /// @notice The proxy has another implementation than the one whose slots are known.
    error Upgraded(address proxy, bytes32 implementation, address pinned);

    /// @dev EIP-1967: keccak256("eip1967.proxy.implementation") - 1
    bytes32 internal constant IMPLEMENTATION = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    /// @notice Storage root of `proxy`, from two trie proofs: its account, its implementation slot.
    /// @custom:throws Upgraded, StateProof.InvalidProof
    function storageRoot(bytes32 anchorRoot, address proxy, address pinned, bytes calldata proof)
        internal
        pure
        returns (bytes32 root, bytes calldata rest)
    {
        (root,, rest) = StateProof.account(anchorRoot, proxy, proof);
        bytes32 implementation;
        (implementation, rest) = StateProof.slot(root, IMPLEMENTATION, rest);
        if (implementation != bytes32(uint256(uint160(pinned)))) revert Upgraded(proxy, implementation, pinned);
    }
}
