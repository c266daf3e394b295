// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {ProvenGames} from "../../src/verifiers/op_stack/ProvenGames.sol";
import {Proofs} from "../libraries/Proofs.sol";

/// @notice A station in the life of a dispute game, on an L1 with Optimism's own contracts
/// (tests/vectors/proofs/games.json).
struct Station {
    string name;
    string refusal;
    uint256 index;
    bytes32 l1StateRoot;
    uint64 l1Number;
    uint64 l1Timestamp;
    uint64 number;
    bytes32 stateRoot;
    bytes rootProof;
}

/// @notice A head of a log under the L2 state root of the first game (tests/vectors/proofs/logs.json).
struct Shown {
    uint64 number;
    bytes32 stateRoot;
    address account;
    bytes32 storageRoot;
    bytes place;
    bytes32 log;
    bytes32 head;
    uint64 count;
    bytes accountProof;
    bytes storageProof;
}

/// @notice Reads the stations, the contracts they are about, and the logs.
library Games {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NoSuchVector(string name);

    function all() internal view returns (Station[] memory stations) {
        string memory json = _json("games");
        stations = new Station[](_count(json));
        for (uint256 i; i < stations.length; ++i) {
            stations[i] = _station(json, i);
        }
    }

    function named(string memory name) internal view returns (Station memory) {
        string memory json = _json("games");
        return _station(json, _find(json, name));
    }

    function log(string memory name) internal view returns (Shown memory) {
        string memory json = _json("logs");
        uint256 i = _find(json, name);
        return Shown({
            number: uint64(vm.parseJsonUint(json, Proofs.key(i, ".number"))),
            stateRoot: vm.parseJsonBytes32(json, Proofs.key(i, ".stateRoot")),
            account: vm.parseJsonAddress(json, Proofs.key(i, ".account")),
            storageRoot: vm.parseJsonBytes32(json, Proofs.key(i, ".storageRoot")),
            place: vm.parseJsonBytes(json, Proofs.key(i, ".place")),
            log: vm.parseJsonBytes32(json, Proofs.key(i, ".log")),
            head: vm.parseJsonBytes32(json, Proofs.key(i, ".head")),
            count: uint64(vm.parseJsonUint(json, Proofs.key(i, ".count"))),
            accountProof: vm.parseJsonBytes(json, Proofs.key(i, ".accountProof")),
            storageProof: vm.parseJsonBytes(json, Proofs.key(i, ".storageProof"))
        });
    }

    function pins() internal view returns (ProvenGames.Pins memory) {
        string memory json = _json("pins");
        return ProvenGames.Pins({
            portal: vm.parseJsonAddress(json, ".portal"),
            portalImplementation: vm.parseJsonAddress(json, ".portal_implementation"),
            factory: vm.parseJsonAddress(json, ".dispute_game_factory"),
            factoryImplementation: vm.parseJsonAddress(json, ".dispute_game_factory_implementation"),
            superchainConfig: vm.parseJsonAddress(json, ".superchain_config"),
            superchainConfigImplementation: vm.parseJsonAddress(json, ".superchain_config_implementation"),
            gameImplementation: vm.parseJsonAddress(json, ".dispute_game_implementation"),
            finalityDelay: uint64(vm.parseJsonUint(json, ".finality_delay")),
            proofMaturityDelay: uint64(vm.parseJsonUint(json, ".proof_maturity_delay"))
        });
    }

    /// @dev The L1 header of a root proof, its settled proof, and the account proof.
    function split(bytes memory rootProof)
        internal
        pure
        returns (bytes memory header, bytes memory settled, bytes memory account)
    {
        uint256 size = uint256(uint8(rootProof[0])) << 8 | uint8(rootProof[1]);
        header = Proofs.slice(rootProof, 2, size);
        uint256 from = 2 + size;
        size = uint256(uint8(rootProof[from])) << 16 | uint256(uint8(rootProof[from + 1])) << 8
            | uint8(rootProof[from + 2]);
        settled = Proofs.slice(rootProof, from + 3, size);
        from += 3 + size;
        account = Proofs.slice(rootProof, from, rootProof.length - from);
    }

    function _json(string memory file) private view returns (string memory) {
        return vm.readFile(string.concat("../tests/vectors/proofs/", file, ".json"));
    }

    function _count(string memory json) private view returns (uint256 count) {
        while (vm.keyExistsJson(json, Proofs.key(count, ""))) ++count;
    }

    function _find(string memory json, string memory name) private view returns (uint256 i) {
        uint256 count = _count(json);
        for (; i < count; ++i) {
            if (keccak256(bytes(vm.parseJsonString(json, Proofs.key(i, ".name")))) == keccak256(bytes(name))) return i;
        }
        revert NoSuchVector(name);
    }

    function _station(string memory json, uint256 i) private pure returns (Station memory) {
        return Station({
            name: vm.parseJsonString(json, Proofs.key(i, ".name")),
            refusal: vm.parseJsonString(json, Proofs.key(i, ".error")),
            index: vm.parseJsonUint(json, Proofs.key(i, ".index")),
            l1StateRoot: vm.parseJsonBytes32(json, Proofs.key(i, ".l1StateRoot")),
            l1Number: uint64(vm.parseJsonUint(json, Proofs.key(i, ".l1Number"))),
            l1Timestamp: uint64(vm.parseJsonUint(json, Proofs.key(i, ".l1Timestamp"))),
            number: uint64(vm.parseJsonUint(json, Proofs.key(i, ".number"))),
            stateRoot: vm.parseJsonBytes32(json, Proofs.key(i, ".stateRoot")),
            rootProof: vm.parseJsonBytes(json, Proofs.key(i, ".rootProof"))
        });
    }
}
