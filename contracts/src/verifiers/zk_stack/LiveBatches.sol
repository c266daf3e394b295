// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRollup} from "../../interfaces/IRollup.sol";
import {RoutedHead} from "../../interfaces/IRoutedHeads.sol";
import {Packed} from "../../libraries/Packed.sol";
import {StateProof} from "../../libraries/StateProof.sol";
import {IDepositBridgehub, IDepositDiamond, PriorityRequest} from "./PriorityRequest.sol";

/// @notice The part of a ZK-Stack chain's contract on L1 that shows its messages, the same in both eras.
interface IMessageDiamond {
    struct L2Message {
        uint16 txNumberInBatch;
        address sender;
        bytes data;
    }

    function proveL2MessageInclusion(
        uint256 batchNumber,
        uint256 index,
        L2Message calldata message,
        bytes32[] calldata proof
    ) external view returns (bool);
}

/// @title A ZK-Stack chain, as L1 sees it now
/// @notice Heads come as messages of the chain's {Announcer}, shown to be in an executed batch by the chain's own
/// contract, as a withdrawal is: what it takes as a proof, and when a batch is executed, is its own affair, so a chain
/// that settles on another before L1 passes its longer proof through here.
///
/// proof = batch u64 ‖ index u64 ‖ transaction number in the batch u16 ‖ n u8 ‖ n × 32 ‖ message
/// message = L2 block u64 ‖ destination u64 ‖ m × (log 32 ‖ head 32), m >= 1
contract LiveBatches is IRollup {
    /// @notice The chain's contract does not find this message of the announcer in an executed batch.
    error NotIncluded(uint256 batch, uint256 index);
    /// @notice The message is none of heads: it has another shape.
    error NotHeads(uint256 size);

    /// @dev L2 block u64 ‖ destination u64
    uint256 internal constant FRONT = 16;
    /// @dev log 32 ‖ head 32
    uint256 internal constant ENTRY = 64;

    /// @inheritdoc IRollup
    uint64 public immutable chain;
    /// @notice The chain's contract on L1.
    address public immutable diamond;
    /// @notice Takes its deposits; zero: the diamond does itself.
    IDepositBridgehub public immutable bridgehub;
    /// @notice The {Announcer}, by its address on the chain.
    address public immutable announcer;

    constructor(uint64 rollup, address diamond_, IDepositBridgehub bridgehub_, address announcer_) {
        chain = rollup;
        diamond = diamond_;
        bridgehub = bridgehub_;
        announcer = announcer_;
    }

    /// @inheritdoc IRollup
    /// @custom:throws NotIncluded, NotHeads, StateProof.InvalidProof and what the diamond throws
    function heads(bytes calldata proof)
        external
        view
        returns (uint64 number, uint64 destination, RoutedHead[] memory shown)
    {
        bytes calldata message = _included(proof);
        if (message.length < FRONT + ENTRY || (message.length - FRONT) % ENTRY != 0) revert NotHeads(message.length);
        uint256 word;
        (word, message) = Packed.number(message, 8);
        number = uint64(word);
        (word, message) = Packed.number(message, 8);
        destination = uint64(word);
        shown = new RoutedHead[](message.length / ENTRY);
        for (uint256 i; i < shown.length; ++i) {
            (shown[i].log, message) = Packed.word(message);
            (shown[i].head, message) = Packed.word(message);
        }
    }

    /// @inheritdoc IRollup
    function deposit(address target, uint64 gasLimit, bytes calldata data, uint256 value, address payer)
        external
        view
        returns (address bridge, bytes memory call)
    {
        if (address(bridgehub) == address(0)) {
            return PriorityRequest.byDiamond(IDepositDiamond(diamond), target, gasLimit, data, value, payer);
        }
        return PriorityRequest.byBridgehub(bridgehub, chain, target, gasLimit, data, value, payer);
    }

    /// @dev The announcer's message at the end of `proof`, once the diamond has found it.
    function _included(bytes calldata proof) private view returns (bytes calldata message) {
        uint256 batch;
        uint256 index;
        uint256 number;
        uint256 size;
        (batch, message) = Packed.number(proof, 8);
        (index, message) = Packed.number(message, 8);
        (number, message) = Packed.number(message, 2);
        (size, message) = Packed.number(message, 1);
        bytes32[] memory path = new bytes32[](size);
        for (uint256 i; i < size; ++i) {
            (path[i], message) = Packed.word(message);
        }
        IMessageDiamond.L2Message memory said =
            IMessageDiamond.L2Message({txNumberInBatch: uint16(number), sender: announcer, data: message});
        if (!IMessageDiamond(diamond).proveL2MessageInclusion(batch, index, said, path)) {
            revert NotIncluded(batch, index);
        }
    }
}
