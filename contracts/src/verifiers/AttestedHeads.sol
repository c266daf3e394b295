// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IAttestedHeads} from "../interfaces/IAttestedHeads.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";

/// @title Heads signed by k of n attesters
/// @notice See {IAttestedHeads}.
contract AttestedHeads is IAttestedHeads, EIP712 {
    bytes32 private constant HEAD_TYPEHASH = keccak256("Head(bytes32 log,bytes32 head,uint64 count,uint64 block)");

    /// @dev block u64 stands before the signers.
    uint256 private constant SIGNERS = 8;
    /// @dev index u8 ‖ r 32 ‖ vs 32
    uint256 private constant SIGNATURE = 65;

    /// @inheritdoc IAttestedHeads
    bytes32 public immutable signersHash;
    /// @inheritdoc IAttestedHeads
    uint256 public immutable threshold;
    /// @inheritdoc IAttestedHeads
    uint256 public immutable size;

    /// @param signers Addresses in rising order
    /// @param needed How many of them must sign
    constructor(address[] memory signers, uint256 needed) EIP712("xl2", "1") {
        require(
            needed != 0 && needed <= signers.length && signers.length <= type(uint8).max,
            BadThreshold(needed, signers.length)
        );
        bytes memory packed;
        address last;
        for (uint256 i; i < signers.length; ++i) {
            require(signers[i] > last, SignersNotRising(signers[i]));
            last = signers[i];
            packed = bytes.concat(packed, bytes20(last));
        }
        signersHash = keccak256(packed);
        threshold = needed;
        size = signers.length;
    }

    /// @inheritdoc IVerifier
    function verify(bytes32 log, bytes32 head, uint64 count, bytes calldata proof) external view {
        // No overflow: size and threshold are bytes, an index is a byte, and offsets stay below the length.
        unchecked {
            uint256 offset = SIGNERS + 20 * size; // of the first signature
            uint256 expected = offset + SIGNATURE * threshold;
            if (proof.length != expected) revert BadProofLength(proof.length, expected);
            bytes32 actual = keccak256(proof[SIGNERS:offset]);
            if (actual != signersHash) revert WrongSigners(signersHash, actual);

            bytes32 signed = digest(log, head, count, uint64(bytes8(proof)));
            uint256 next; // the lowest index that may still sign
            for (; offset < expected; offset += SIGNATURE) {
                (uint256 index, bytes32 r, bytes32 vs, address signer) = _signature(proof, offset);
                if (index < next || index >= size) revert IndexNotRising(index);
                next = index + 1;
                address recovered = ECDSA.recover(signed, r, vs);
                if (recovered != signer) revert WrongSigner(index, signer, recovered);
            }
        }
    }

    /// @inheritdoc IAttestedHeads
    function digest(bytes32 log, bytes32 head, uint64 count, uint64 blockNumber) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(HEAD_TYPEHASH, log, head, count, blockNumber)));
    }

    /// @dev The signature at `offset`, and the signer that it names. Slices of the same cost 300 gas more each. An index
    /// too high reads a signer past the end, and is refused.
    function _signature(bytes calldata proof, uint256 offset)
        private
        pure
        returns (uint256 index, bytes32 r, bytes32 vs, address signer)
    {
        assembly ("memory-safe") {
            let p := add(proof.offset, offset)
            index := byte(0, calldataload(p))
            r := calldataload(add(p, 1))
            vs := calldataload(add(p, 33))
            signer := shr(96, calldataload(add(add(proof.offset, SIGNERS), mul(index, 20))))
        }
    }
}
