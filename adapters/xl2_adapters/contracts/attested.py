"""Attested heads: the set of signers, and how many must sign. The manual is `IAttestedHeads.sol`."""

from xl2_adapters.abi import Method

SIGNERS_HASH = Method("signersHash()", "(bytes32)")
THRESHOLD = Method("threshold()", "(uint256)")
METHODS = (SIGNERS_HASH, THRESHOLD)
