// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

/// @title Evidence classes, and sets of verifiers as bitmaps
/// @notice A class says how much a head rests on. A verifier's class is in its number: 0-63 attested, 64-127 optimistic,
/// 128-191 settled; a set of verifiers is one word, bit v for verifier v. So a set reaches a class when any bit at or
/// above `class << 6` is set, and one shift answers that.

/// @dev k of n signers said so.
uint8 constant ATTESTED = 0;
/// @dev A bonded claim stood through its window unchallenged.
uint8 constant OPTIMISTIC = 1;
/// @dev Proven through L1, by the rollup's own withdrawal rule.
uint8 constant SETTLED = 2;

/// @dev Verifier numbers end here; the bits above stay free.
uint8 constant LAST_VERIFIER = 191;

/// @dev The verifiers below settled: what a pause may stop on a receipt log.
uint256 constant BELOW_SETTLED = (1 << 128) - 1;

/// @dev The class of verifier `number`.
function assuranceOf(uint8 number) pure returns (uint8) {
    return number >> 6;
}

/// @dev Whether at least one of `verifiers` has class `assurance` or a higher one. `assurance` above 2 is never reached,
/// because no verifier has a number above 191.
function reaches(uint256 verifiers, uint8 assurance) pure returns (bool) {
    return verifiers >> (uint256(assurance) << 6) != 0;
}
