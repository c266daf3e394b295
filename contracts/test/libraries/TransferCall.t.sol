// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {Test} from "forge-std/Test.sol";

import {TransferCall} from "../../src/libraries/TransferCall.sol";

contract TransferCallTest is Test {
    /// @dev The same in plain Solidity.
    function _twin(TransferCall.Transfer memory t) private pure returns (bytes memory) {
        bool class = t.assurance != 2;
        bool gas = t.gasLimit != 200_000;
        bytes[] memory attributes = new bytes[](1 + (class ? 1 : 0) + (gas ? 1 : 0));
        attributes[0] = abi.encodeWithSignature("expiry(uint64)", t.expiry);
        if (class) attributes[1] = abi.encodeWithSignature("assurance(uint8)", t.assurance);
        if (gas) attributes[attributes.length - 1] = abi.encodeWithSignature("gasLimit(uint32)", t.gasLimit);
        bytes memory payload = abi.encode(t.from, abi.encodePacked(t.to), t.amount);
        return abi.encodeCall(IERC7786GatewaySource.sendMessage, (t.recipient, payload, attributes));
    }

    function testFuzz_encode_isWhatTheCompilerWrites(
        uint64[2] memory chainIds,
        address[3] memory accounts,
        uint256 amount,
        uint64 expiry,
        uint8 assurance,
        uint32 gasLimit,
        bool plain,
        bytes memory dirt
    ) public pure {
        TransferCall.Transfer memory t = TransferCall.Transfer({
            recipient: InteroperableAddress.formatEvmV1(chainIds[0], accounts[0]),
            from: InteroperableAddress.formatEvmV1(chainIds[1], accounts[1]),
            to: accounts[2],
            amount: amount,
            expiry: expiry,
            assurance: uint8(bound(assurance, 0, 2)),
            gasLimit: plain ? 200_000 : gasLimit
        });
        bytes memory expected = _twin(t);
        // Free memory is not always zero.
        assembly {
            mcopy(mload(0x40), dirt, add(mload(dirt), 0x20))
        }

        bytes memory actual = TransferCall.encode(t);

        assertEq(actual, expected);
    }
}
