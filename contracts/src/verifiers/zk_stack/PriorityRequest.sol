// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {IRollup} from "../../interfaces/IRollup.sol";

/// @notice The part of a chain's own contract on L1 that took deposits before there was a bridgehub (zksync-contracts
/// 0.6.1), and still does on ZKsync Era.
interface IDepositDiamond {
    function l2TransactionBaseCost(uint256 gasPrice, uint256 l2GasLimit, uint256 l2GasPerPubdataByteLimit)
        external
        view
        returns (uint256);
    function requestL2Transaction(
        address contractL2,
        uint256 l2Value,
        bytes calldata data,
        uint256 l2GasLimit,
        uint256 l2GasPerPubdataByteLimit,
        bytes[] calldata factoryDeps,
        address refundRecipient
    ) external payable returns (bytes32 canonicalTxHash);
}

/// @notice The part of the bridgehub that takes deposits for a chain whose gas is ETH (zksync-contracts 29.0.0).
interface IDepositBridgehub {
    struct L2TransactionRequestDirect {
        uint256 chainId;
        uint256 mintValue;
        address l2Contract;
        uint256 l2Value;
        bytes l2Calldata;
        uint256 l2GasLimit;
        uint256 l2GasPerPubdataByteLimit;
        bytes[] factoryDeps;
        address refundRecipient;
    }

    function l2TransactionBaseCost(
        uint256 chainId,
        uint256 gasPrice,
        uint256 l2GasLimit,
        uint256 l2GasPerPubdataByteLimit
    ) external view returns (uint256);
    function requestL2TransactionDirect(L2TransactionRequestDirect calldata request)
        external
        payable
        returns (bytes32 canonicalTxHash);
}

/// @title A deposit by the canonical bridge of a ZK-Stack chain
/// @notice A priority request. The wei that go along pay its gas, at a price that L1 derives from the transaction's own
/// gas price; what is left is refunded to the payer on the rollup (aliased, if he is a contract). Two eras: by the
/// chain's own contract, or by the bridgehub.
library PriorityRequest {
    /// @dev L2 gas for a byte of pubdata; both eras take no other number.
    uint256 internal constant GAS_PER_PUBDATA = 800;

    /// @dev A ZK chain's gas is not the EVM's: it counts proving and pubdata. These cover what a call of xl2's takes with
    /// the bootloader's work around it; what is not used is refunded, so they are generous.
    uint256 internal constant BASE_GAS = 600_000;
    uint256 internal constant GAS_FACTOR = 4;

    /// @notice L2 gas that is asked for, for a call that takes `gasLimit` on the EVM.
    function gasFor(uint64 gasLimit) internal pure returns (uint256) {
        return BASE_GAS + GAS_FACTOR * gasLimit;
    }

    /// @notice The call for {IRollup.deposit}, to the chain's own contract.
    /// @custom:throws IRollup.WrongValue
    function byDiamond(
        IDepositDiamond diamond,
        address target,
        uint64 gasLimit,
        bytes calldata data,
        uint256 value,
        address payer
    ) internal view returns (address bridge, bytes memory call) {
        uint256 gas = gasFor(gasLimit);
        _covers(value, diamond.l2TransactionBaseCost(tx.gasprice, gas, GAS_PER_PUBDATA));
        call = abi.encodeCall(
            IDepositDiamond.requestL2Transaction, (target, 0, data, gas, GAS_PER_PUBDATA, new bytes[](0), payer)
        );
        return (address(diamond), call);
    }

    /// @notice The call for {IRollup.deposit}, to the bridgehub.
    /// @custom:throws IRollup.WrongValue
    function byBridgehub(
        IDepositBridgehub bridgehub,
        uint64 chain,
        address target,
        uint64 gasLimit,
        bytes calldata data,
        uint256 value,
        address payer
    ) internal view returns (address bridge, bytes memory call) {
        uint256 gas = gasFor(gasLimit);
        _covers(value, bridgehub.l2TransactionBaseCost(chain, tx.gasprice, gas, GAS_PER_PUBDATA));
        IDepositBridgehub.L2TransactionRequestDirect memory request = IDepositBridgehub.L2TransactionRequestDirect({
            chainId: chain,
            mintValue: value,
            l2Contract: target,
            l2Value: 0,
            l2Calldata: data,
            l2GasLimit: gas,
            l2GasPerPubdataByteLimit: GAS_PER_PUBDATA,
            factoryDeps: new bytes[](0),
            refundRecipient: payer
        });
        return (address(bridgehub), abi.encodeCall(IDepositBridgehub.requestL2TransactionDirect, (request)));
    }

    function _covers(uint256 value, uint256 least) private pure {
        if (value < least) revert IRollup.WrongValue(value, least);
    }
}
