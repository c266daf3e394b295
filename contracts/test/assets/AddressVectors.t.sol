// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {Test} from "forge-std/Test.sol";

import {EvmAddress} from "../../src/libraries/EvmAddress.sol";

/// @notice Addresses with their chain, and the payloads of token bridges, pinned by files that Python reads too.
contract AddressVectorsTest is Test {
    string private _json;
    uint256 private _i;

    function parse(bytes memory it) external pure returns (uint64, address) {
        return EvmAddress.parse(it);
    }

    function parseCalldata(bytes calldata it) external pure returns (uint64, address) {
        return EvmAddress.parseCalldata(it);
    }

    function test_addresses_haveOneSpelling() public {
        for (_open("addresses"); _more(); ++_i) {
            (uint64 chainId, address account) = this.parse(_bytes("interoperable"));
            (uint64 again, address same) = this.parseCalldata(_bytes("interoperable"));
            assertEq(chainId, _uint("chain"));
            assertEq(account, _address("account"));
            assertEq(abi.encode(again, same), abi.encode(chainId, account));
            assertEq(InteroperableAddress.formatEvmV1(chainId, account), _bytes("interoperable"));
        }
    }

    function test_otherSpellings_areRefused() public {
        for (_open("addresses_refused"); _more(); ++_i) {
            bytes memory wire = _bytes("wire");
            vm.expectRevert(abi.encodeWithSelector(EvmAddress.BadAddress.selector, wire));
            this.parse(wire);
            vm.expectRevert(abi.encodeWithSelector(EvmAddress.BadAddress.selector, wire));
            this.parseCalldata(wire);
        }
    }

    function test_transfers_areWhatBridgesWrite() public {
        for (_open("transfers"); _more(); ++_i) {
            bytes memory from = InteroperableAddress.formatEvmV1(_uint("senderChain"), _address("senderAccount"));
            bytes memory to = abi.encodePacked(_address("recipient"));
            assertEq(abi.encode(from, to, _uint("amount")), _bytes("payload"));
        }
    }

    function _open(string memory name) private {
        _json = vm.readFile(string.concat("../tests/vectors/", name, ".json"));
        _i = 0;
        assertTrue(_more(), "a file without vectors");
    }

    function _more() private view returns (bool) {
        return vm.keyExistsJson(_json, string.concat(".[", vm.toString(_i), "]"));
    }

    function _key(string memory field) private view returns (string memory) {
        return string.concat(".[", vm.toString(_i), "].", field);
    }

    function _uint(string memory field) private view returns (uint256) {
        return vm.parseJsonUint(_json, _key(field));
    }

    function _address(string memory field) private view returns (address) {
        return vm.parseJsonAddress(_json, _key(field));
    }

    function _bytes(string memory field) private view returns (bytes memory) {
        return vm.parseJsonBytes(_json, _key(field));
    }
}
