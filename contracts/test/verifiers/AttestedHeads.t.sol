// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Test} from "forge-std/Test.sol";

import {IAttestedHeads} from "../../src/interfaces/IAttestedHeads.sol";
import {AttestedHeads} from "../../src/verifiers/AttestedHeads.sol";

contract AttestedHeadsTest is Test {
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141; // order of secp256k1
    bytes32 private constant LOG = keccak256("log");
    bytes32 private constant HEAD = keccak256("head");
    uint64 private constant COUNT = 12;
    uint64 private constant BLOCK = 345;

    uint256[] private keys;
    address[] private signers;
    AttestedHeads private heads;

    function setUp() public {
        vm.chainId(20);
        for (uint256 i = 1; i <= 5; ++i) {
            keys.push(i);
        }
        for (uint256 i; i < 5; ++i) {
            for (uint256 j = i + 1; j < 5; ++j) {
                if (vm.addr(keys[j]) < vm.addr(keys[i])) (keys[i], keys[j]) = (keys[j], keys[i]);
            }
            signers.push(vm.addr(keys[i]));
        }
        heads = new AttestedHeads(signers, 3);
    }

    function test_constructor_refusesAThresholdThatNobodyOrTooManyMeet() public {
        vm.expectRevert(abi.encodeWithSelector(IAttestedHeads.BadThreshold.selector, 0, 5));
        new AttestedHeads(signers, 0);
        vm.expectRevert(abi.encodeWithSelector(IAttestedHeads.BadThreshold.selector, 6, 5));
        new AttestedHeads(signers, 6);
        vm.expectRevert(abi.encodeWithSelector(IAttestedHeads.BadThreshold.selector, 0, 0));
        new AttestedHeads(new address[](0), 0);
    }

    function test_constructor_refusesMoreSignersThanAnIndexNames() public {
        address[] memory many = new address[](256);
        for (uint160 i; i < 256; ++i) {
            many[i] = address(i + 1);
        }
        vm.expectRevert(abi.encodeWithSelector(IAttestedHeads.BadThreshold.selector, 1, 256));
        new AttestedHeads(many, 1);
    }

    function test_constructor_refusesTheSameSignerTwiceAndZero() public {
        signers[1] = signers[0];
        vm.expectRevert(abi.encodeWithSelector(IAttestedHeads.SignersNotRising.selector, signers[0]));
        new AttestedHeads(signers, 3);
        signers[0] = address(0);
        vm.expectRevert(abi.encodeWithSelector(IAttestedHeads.SignersNotRising.selector, address(0)));
        new AttestedHeads(signers, 3);
    }

    function test_verify_takesAnyKOfN() public view {
        for (uint256 set; set < 32; ++set) {
            uint8[] memory indices = _indices(set);
            if (indices.length == 3) heads.verify(LOG, HEAD, COUNT, _proof(indices));
        }
    }

    function test_verify_refusesFewerAndMoreThanK() public {
        for (uint256 set; set < 32; ++set) {
            uint8[] memory indices = _indices(set);
            if (indices.length == 3) continue;
            bytes memory proof = _proof(indices);
            vm.expectRevert(
                abi.encodeWithSelector(IAttestedHeads.BadProofLength.selector, proof.length, 8 + 5 * 20 + 3 * 65)
            );
            heads.verify(LOG, HEAD, COUNT, proof);
        }
    }

    function test_verify_refusesTheSameSignerTwice() public {
        _refused(_proof(_three(1, 1, 2)), abi.encodeWithSelector(IAttestedHeads.IndexNotRising.selector, 1));
        _refused(_proof(_three(0, 2, 2)), abi.encodeWithSelector(IAttestedHeads.IndexNotRising.selector, 2));
    }

    function test_verify_refusesSignaturesOutOfOrder() public {
        _refused(_proof(_three(0, 2, 1)), abi.encodeWithSelector(IAttestedHeads.IndexNotRising.selector, 1));
    }

    function test_verify_refusesAnIndexOutsideTheSet() public {
        bytes memory proof = _proof(_three(0, 1, 2));
        proof[8 + 100 + 130] = bytes1(uint8(5));
        _refused(proof, abi.encodeWithSelector(IAttestedHeads.IndexNotRising.selector, 5));
        proof[8 + 100 + 130] = bytes1(uint8(255));
        _refused(proof, abi.encodeWithSelector(IAttestedHeads.IndexNotRising.selector, 255));
    }

    function test_verify_refusesAnotherSetOfSigners() public {
        bytes memory proof = _proof(_three(0, 1, 2));
        proof[8] = proof[8] ^ 0x01;
        bytes memory named = new bytes(100);
        for (uint256 i; i < 100; ++i) {
            named[i] = proof[8 + i];
        }
        _refused(
            proof, abi.encodeWithSelector(IAttestedHeads.WrongSigners.selector, heads.signersHash(), keccak256(named))
        );
    }

    function test_verify_refusesASignatureOfAnother() public {
        bytes memory proof = _proof(_three(0, 1, 2));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(99, heads.digest(LOG, HEAD, COUNT, BLOCK));
        _overwrite(proof, 2, r, bytes32(uint256(s) | uint256(v - 27) << 255));
        _refused(proof, abi.encodeWithSelector(IAttestedHeads.WrongSigner.selector, 2, signers[2], vm.addr(99)));
    }

    /// @dev For each signature there is a second one, with n - s; taking both would let one signer be two bytes strings.
    function test_verify_refusesAHighS() public {
        bytes memory proof = _proof(_three(0, 1, 2));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[2], heads.digest(LOG, HEAD, COUNT, BLOCK));
        uint256 high = N - uint256(s);
        // EIP-2098 has no room for it: its top bit is the parity. What is left of it reads as another s.
        _overwrite(proof, 2, r, bytes32(high | uint256(28 - v) << 255));
        vm.expectRevert();
        heads.verify(LOG, HEAD, COUNT, proof);
        // and the highest s that fits is refused by name
        bytes32 most = bytes32(uint256(type(uint256).max >> 1));
        _overwrite(proof, 2, r, most);
        _refused(proof, abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, most));
    }

    function test_verify_refusesEveryOtherStatement() public {
        bytes memory proof = _proof(_three(0, 1, 2));
        vm.expectRevert();
        heads.verify(keccak256("another log"), HEAD, COUNT, proof);
        vm.expectRevert();
        heads.verify(LOG, keccak256("another head"), COUNT, proof);
        vm.expectRevert();
        heads.verify(LOG, HEAD, COUNT + 1, proof);
        proof[7] = proof[7] ^ 0x01; // another block
        vm.expectRevert();
        heads.verify(LOG, HEAD, COUNT, proof);
    }

    function test_verify_refusesSignaturesForAnotherContract() public {
        AttestedHeads twin = new AttestedHeads(signers, 3);
        bytes memory proof = _proof(_three(0, 1, 2));
        vm.expectRevert();
        twin.verify(LOG, HEAD, COUNT, proof);
    }

    /// @dev The chain id is read live: after a fork, signatures of one side are void on the other.
    function test_verify_refusesSignaturesForAnotherChain() public {
        bytes memory proof = _proof(_three(0, 1, 2));
        vm.chainId(21);
        vm.expectRevert();
        heads.verify(LOG, HEAD, COUNT, proof);
    }

    function testFuzz_verify_refusesEveryFlippedBit(uint256 position, uint8 bit) public {
        bytes memory proof = _proof(_three(0, 2, 4));
        position = bound(position, 0, proof.length - 1);
        proof[position] = proof[position] ^ bytes1(uint8(1 << (bit & 7)));
        vm.expectRevert();
        heads.verify(LOG, HEAD, COUNT, proof);
    }

    function test_digest_isTheTypedDataOfEIP712() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("xl2"),
                keccak256("1"),
                20,
                address(heads)
            )
        );
        bytes32 head = keccak256(
            abi.encode(keccak256("Head(bytes32 log,bytes32 head,uint64 count,uint64 block)"), LOG, HEAD, COUNT, BLOCK)
        );
        assertEq(heads.digest(LOG, HEAD, COUNT, BLOCK), keccak256(abi.encodePacked(hex"1901", domain, head)));
    }

    function _proof(uint8[] memory indices) private view returns (bytes memory proof) {
        proof = abi.encodePacked(BLOCK);
        for (uint256 i; i < 5; ++i) {
            proof = abi.encodePacked(proof, signers[i]);
        }
        bytes32 digest = heads.digest(LOG, HEAD, COUNT, BLOCK);
        for (uint256 i; i < indices.length; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[indices[i]], digest);
            proof = abi.encodePacked(proof, indices[i], r, bytes32(uint256(s) | uint256(v - 27) << 255));
        }
    }

    function _overwrite(bytes memory proof, uint256 place, bytes32 r, bytes32 vs) private pure {
        uint256 offset = 8 + 100 + 65 * place + 1;
        assembly ("memory-safe") {
            let p := add(add(proof, 0x20), offset)
            mstore(p, r)
            mstore(add(p, 0x20), vs)
        }
    }

    function _refused(bytes memory proof, bytes memory reason) private {
        vm.expectRevert(reason);
        heads.verify(LOG, HEAD, COUNT, proof);
    }

    function _three(uint8 a, uint8 b, uint8 c) private pure returns (uint8[] memory indices) {
        indices = new uint8[](3);
        (indices[0], indices[1], indices[2]) = (a, b, c);
    }

    function _indices(uint256 set) private pure returns (uint8[] memory indices) {
        uint256 n;
        indices = new uint8[](5);
        for (uint8 i; i < 5; ++i) {
            if (set >> i & 1 == 1) indices[n++] = i;
        }
        assembly ("memory-safe") {
            mstore(indices, n) // shorter than it was made
        }
    }
}
