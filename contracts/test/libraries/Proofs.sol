// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @notice One account and one slot as a node proved them (tests/vectors/proofs/state.json); value 0: the slot is not
/// there.
struct Proven {
    bytes32 stateRoot;
    address account;
    bytes accountProof;
    bytes32 storageRoot;
    bytes32 codeHash;
    bytes32 slot;
    bytes32 value;
    bytes storageProof;
}

/// @notice Packed trie proofs taken apart, changed, and put together again.
library Proofs {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function load() internal view returns (Proven[] memory all) {
        string memory json = vm.readFile("../tests/vectors/proofs/state.json");
        uint256 count;
        while (vm.keyExistsJson(json, key(count, ""))) ++count;
        all = new Proven[](count);
        for (uint256 i; i < count; ++i) {
            all[i] = Proven({
                stateRoot: vm.parseJsonBytes32(json, key(i, ".stateRoot")),
                account: vm.parseJsonAddress(json, key(i, ".account")),
                accountProof: vm.parseJsonBytes(json, key(i, ".accountProof")),
                storageRoot: vm.parseJsonBytes32(json, key(i, ".storageRoot")),
                codeHash: vm.parseJsonBytes32(json, key(i, ".codeHash")),
                slot: vm.parseJsonBytes32(json, key(i, ".slot")),
                value: vm.parseJsonBytes32(json, key(i, ".value")),
                storageProof: vm.parseJsonBytes(json, key(i, ".storageProof"))
            });
        }
    }

    function key(uint256 i, string memory field) internal pure returns (string memory) {
        return string.concat(".[", vm.toString(i), "]", field);
    }

    function unpack(bytes memory proof) internal pure returns (bytes[] memory nodes) {
        nodes = new bytes[](uint8(proof[0]));
        uint256 from = 1;
        for (uint256 i; i < nodes.length; ++i) {
            uint256 size = uint256(uint8(proof[from])) << 8 | uint8(proof[from + 1]);
            nodes[i] = slice(proof, from + 2, size);
            from += 2 + size;
        }
    }

    function pack(bytes[] memory nodes) internal pure returns (bytes memory proof) {
        proof = abi.encodePacked(uint8(nodes.length));
        for (uint256 i; i < nodes.length; ++i) {
            proof = bytes.concat(proof, bytes2(uint16(nodes[i].length)), nodes[i]);
        }
    }

    /// @dev Puts `node` in place `i` and makes all nodes above it commit to it. Returns the root that then stands.
    function graft(bytes[] memory nodes, uint256 i, bytes memory node) internal pure returns (bytes32 root) {
        bytes32 before = keccak256(nodes[i]);
        nodes[i] = node;
        root = keccak256(node);
        for (; i > 0; --i) {
            bytes32 above = keccak256(nodes[i - 1]);
            replace(nodes[i - 1], before, root);
            before = above;
            root = keccak256(nodes[i - 1]);
        }
    }

    function replace(bytes memory data, bytes32 from, bytes32 to) internal pure {
        for (uint256 i; i + 32 <= data.length; ++i) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(data, 32), i))
            }
            if (word == from) {
                assembly ("memory-safe") {
                    mstore(add(add(data, 32), i), to)
                }
            }
        }
    }

    function slice(bytes memory data, uint256 from, uint256 size) internal pure returns (bytes memory part) {
        part = new bytes(size);
        for (uint256 i; i < size; ++i) {
            part[i] = data[from + i];
        }
    }

    /// @dev `data` with `cut` bytes at `from` replaced by `put`.
    function splice(bytes memory data, uint256 from, uint256 cut, bytes memory put)
        internal
        pure
        returns (bytes memory)
    {
        return bytes.concat(slice(data, 0, from), put, slice(data, from + cut, data.length - from - cut));
    }
}
