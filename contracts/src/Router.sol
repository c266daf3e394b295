// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IRollup} from "./interfaces/IRollup.sol";
import {IRoutedHeads, RoutedHead} from "./interfaces/IRoutedHeads.sol";
import {IRouter} from "./interfaces/IRouter.sol";
import {LogProof} from "./libraries/LogProof.sol";
import {Packed} from "./libraries/Packed.sol";
import {StateProof} from "./libraries/StateProof.sol";

/// @title Router on L1
/// @notice See {IRouter}.
contract Router is IRouter, Ownable {
    using LogProof for LogProof.Place;

    /// @dev Gas that {IRoutedHeads.accept} takes on the destination with the transaction around it, and for each head:
    /// a new storage slot, an event, and their calldata at the floor price of EIP-7623.
    uint64 internal constant BASE_GAS = 45_000;
    uint64 internal constant HEAD_GAS = 32_000;

    /// @dev Bytes that a log takes at least: its place, and a proof of one node that spells the 64 nibbles of a key.
    uint256 internal constant LEAST_LOG = LogProof.SIZE + 3 + 34;

    /// @inheritdoc IRouter
    mapping(uint64 chain => IRollup) public rollupOf;
    /// @inheritdoc IRouter
    mapping(uint64 chain => address) public headsOf;

    constructor(address owner) Ownable(owner) {}

    /// @inheritdoc IRouter
    function connect(uint64 chain, IRollup rollup, address heads) external onlyOwner {
        if (address(rollup) != address(0) && address(rollup).code.length == 0) revert NotAContract(address(rollup));
        rollupOf[chain] = rollup;
        headsOf[chain] = heads;
        emit Connected(chain, rollup, heads);
    }

    /// @inheritdoc IRouter
    function push(uint64 origin, bytes calldata claim, bytes calldata logs) external payable {
        (uint64 number, bytes32 stateRoot) = _rollup(origin).settled(claim);
        if (stateRoot == 0) revert ZeroRoot();
        (uint64 destination, RoutedHead[] memory heads) = _heads(origin, stateRoot, logs);
        for (uint256 i; i < heads.length; ++i) {
            emit Pushed(origin, destination, heads[i].log, heads[i].head, number);
        }
        _send(destination, heads);
    }

    /// @dev The heads that `logs` proves, and the one chain they are for.
    function _heads(uint64 origin, bytes32 stateRoot, bytes calldata logs)
        private
        pure
        returns (uint64 destination, RoutedHead[] memory heads)
    {
        (uint256 word, bytes calldata rest) = Packed.number(logs, 20);
        address account = address(uint160(word));
        bytes32 storageRoot;
        (storageRoot,, rest) = StateProof.account(stateRoot, account, rest);
        if (rest.length == 0) revert NothingToPush();

        // As many as there could be; the length is set right at the end.
        heads = new RoutedHead[](rest.length / LEAST_LOG + 1);
        uint256 count;
        for (; rest.length != 0; ++count) {
            LogProof.Place memory place;
            (place, rest) = LogProof.read(rest);
            if (count == 0) destination = place.reader;
            if (place.chain != origin || place.account != account || place.reader != destination) {
                revert WrongPlace(place.log, place.chain, place.account, place.reader);
            }
            heads[count].log = place.log;
            (heads[count].head, rest) = place.head(storageRoot, rest);
        }
        // Only ever shorter: each head took LEAST_LOG bytes or more.
        assembly ("memory-safe") {
            mstore(heads, count)
        }
    }

    /// @dev By the destination's canonical bridge, called from here, so that this contract is the sender there.
    function _send(uint64 destination, RoutedHead[] memory heads) private {
        address target = headsOf[destination];
        if (target == address(0)) revert NotConnected(destination);
        uint64 gasLimit = BASE_GAS + HEAD_GAS * uint64(heads.length);
        (address bridge, uint256 value, bytes memory call) =
            _rollup(destination).deposit(target, gasLimit, abi.encodeCall(IRoutedHeads.accept, (heads)));
        if (msg.value != value) revert WrongValue(msg.value, value);
        Address.functionCallWithValue(bridge, call, value);
    }

    function _rollup(uint64 chain) private view returns (IRollup rollup) {
        rollup = rollupOf[chain];
        if (address(rollup) == address(0)) revert NotConnected(chain);
    }
}
