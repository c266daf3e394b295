// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {ProvenRoots} from "../../../src/verifiers/nitro/ProvenRoots.sol";

/// @notice A station in the life of a send root, in Arbitrum's own Outbox (tests/vectors/proofs/roots.json).
struct RootStation {
    bytes claim;
    string error;
    bytes32 l1StateRoot;
    uint256 l1Timestamp;
    string live;
    string name;
    uint256 number;
    bytes proof;
    string proven;
    bytes32 stateRoot;
}

/// @notice Reads the stations and the outbox they are of.
library Roots {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    string private constant TYPE = "RootStation(bytes claim,string error,bytes32 l1StateRoot,uint256 l1Timestamp,string live,string name,"
        "uint256 number,bytes proof,string proven,bytes32 stateRoot)";

    error NoSuchVector(string name);

    function all() internal view returns (RootStation[] memory) {
        return abi.decode(vm.parseJsonTypeArray(_json(), ".stations", TYPE), (RootStation[]));
    }

    function named(string memory name) internal view returns (RootStation memory) {
        RootStation[] memory stations = all();
        for (uint256 i; i < stations.length; ++i) {
            if (keccak256(bytes(stations[i].name)) == keccak256(bytes(name))) return stations[i];
        }
        revert NoSuchVector(name);
    }

    function pins() internal view returns (ProvenRoots.Pins memory) {
        string memory json = _json();
        return ProvenRoots.Pins({
            outbox: vm.parseJsonAddress(json, ".pins.outbox"),
            outboxImplementation: vm.parseJsonAddress(json, ".pins.outboxImplementation"),
            bridge: vm.parseJsonAddress(json, ".pins.bridge"),
            bridgeImplementation: vm.parseJsonAddress(json, ".pins.bridgeImplementation")
        });
    }

    function _json() private view returns (string memory) {
        return vm.readFile("../tests/vectors/proofs/roots.json");
    }
}
