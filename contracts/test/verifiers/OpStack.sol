// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @notice Optimism's own contracts (contracts-bedrock 0.17.3), from the artifacts that the devnet ships.
library OpStack {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address internal constant L1_BLOCK = 0x4200000000000000000000000000000000000015;
    /// @dev The account in whose name the chain's node writes into `L1Block`.
    address internal constant DEPOSITOR = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;

    function create(string memory name, bytes memory arguments) internal returns (address made) {
        string memory json = vm.readFile(string.concat("../anvil/xl2_devnet/artifacts/op_stack/", name, ".json"));
        bytes memory code = bytes.concat(vm.parseJsonBytes(json, ".bytecode"), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), name);
    }

    /// @dev What every block of an OP-Stack chain begins with.
    function seeL1Block(uint64 number, bytes32 hash) internal {
        if (L1_BLOCK.code.length == 0) vm.etch(L1_BLOCK, create("L1Block", "").code);
        bytes memory values = abi.encodePacked(
            bytes4(keccak256("setL1BlockValuesEcotone()")),
            uint32(1368), // scalars, sequence number and timestamp
            uint32(810_949),
            uint64(0),
            uint64(block.timestamp),
            number,
            uint256(1), // base fees
            uint256(1),
            hash,
            bytes32(0) // batcher
        );
        vm.prank(DEPOSITOR);
        (bool done,) = L1_BLOCK.call(values);
        require(done, "L1Block");
    }
}
