// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IRollup} from "./interfaces/IRollup.sol";
import {IRoutedHeads, RoutedHead} from "./interfaces/IRoutedHeads.sol";
import {IRouter} from "./interfaces/IRouter.sol";

/// @title Router on L1
/// @notice See {IRouter}.
contract Router is IRouter, Ownable {
    /// @dev Gas that {IRoutedHeads.accept} takes on the destination with the transaction around it, and for each head:
    /// a new storage slot, an event, and their calldata at the floor price of EIP-7623.
    uint64 internal constant BASE_GAS = 45_000;
    uint64 internal constant HEAD_GAS = 32_000;

    /// @inheritdoc IRouter
    mapping(uint64 chain => IRollup) public rollupOf;
    /// @inheritdoc IRouter
    mapping(uint64 chain => address) public headsOf;

    constructor(address owner) Ownable(owner) {}

    /// @inheritdoc IRouter
    function connect(uint64 chain, IRollup rollup, address heads) external onlyOwner {
        if (address(rollup) != address(0)) {
            if (address(rollup).code.length == 0) revert NotAContract(address(rollup));
            if (rollup.chain() != chain) revert WrongChain(rollup.chain(), chain);
        }
        rollupOf[chain] = rollup;
        headsOf[chain] = heads;
        emit Connected(chain, rollup, heads);
    }

    /// @inheritdoc IRouter
    function push(uint64 origin, bytes calldata proof) external payable {
        (uint64 number, uint64 destination, RoutedHead[] memory shown) = _rollup(origin).heads(proof);
        if (shown.length == 0) revert NothingToPush();
        for (uint256 i; i < shown.length; ++i) {
            emit Pushed(origin, destination, shown[i].log, shown[i].head, number, msg.value / shown.length);
        }
        _send(destination, shown);
    }

    /// @dev By the destination's canonical bridge, called from here, so that this contract is the sender there.
    function _send(uint64 destination, RoutedHead[] memory shown) private {
        address target = headsOf[destination];
        if (target == address(0)) revert NotConnected(destination);
        uint64 gasLimit = BASE_GAS + HEAD_GAS * uint64(shown.length);
        (address bridge, bytes memory call) = _rollup(destination)
            .deposit(target, gasLimit, abi.encodeCall(IRoutedHeads.accept, (shown)), msg.value, msg.sender);
        Address.functionCallWithValue(bridge, call, msg.value);
    }

    function _rollup(uint64 chain) private view returns (IRollup rollup) {
        rollup = rollupOf[chain];
        if (address(rollup) == address(0)) revert NotConnected(chain);
    }
}
