// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {IOutbox} from "../interfaces/IOutbox.sol";
import {SETTLED} from "../types/Assurance.sol";
import {ALLOW_NO_CODE, DEFAULT_GAS_LIMIT, MAX_GAS_LIMIT, Message} from "../types/Message.sol";

/// @title What a sender may ask for besides the payload
/// @notice ERC-7786 attributes: a 4-byte selector, then at most one ABI word. Each at most once.
library Attributes {
    bytes4 internal constant GAS_LIMIT = bytes4(keccak256("gasLimit(uint32)"));
    bytes4 internal constant EXPIRY = bytes4(keccak256("expiry(uint64)"));
    bytes4 internal constant ASSURANCE = bytes4(keccak256("assurance(uint8)"));
    bytes4 internal constant NO_CODE = bytes4(keccak256("allowNoCode()"));

    /// @dev Writes them, or their defaults, into `m`: flags, assurance, gasLimit, expiry.
    function read(bytes[] calldata attributes, Message memory m) internal view {
        m.gasLimit = DEFAULT_GAS_LIMIT;
        m.assurance = SETTLED; // trust nobody, unless told whom
        uint256 seen;
        for (uint256 i; i < attributes.length; ++i) {
            bytes calldata attribute = attributes[i];
            (bytes4 selector, uint256 value) = _split(attribute);
            uint256 kind; // a bit each
            bool good; // length and value in range
            if (selector == EXPIRY) {
                (kind, good) = (1, attribute.length == 36 && value > block.timestamp && value <= type(uint64).max);
                m.expiry = uint64(value);
            } else if (selector == ASSURANCE) {
                (kind, good) = (2, attribute.length == 36 && value <= SETTLED);
                m.assurance = uint8(value);
            } else if (selector == GAS_LIMIT) {
                (kind, good) = (4, attribute.length == 36 && value <= MAX_GAS_LIMIT);
                m.gasLimit = uint32(value);
            } else {
                if (selector != NO_CODE) revert IERC7786GatewaySource.UnsupportedAttribute(selector);
                (kind, good) = (8, attribute.length == 4);
                m.flags = ALLOW_NO_CODE;
            }
            if (!good || seen & kind != 0) revert IOutbox.BadAttribute(attribute);
            seen |= kind;
        }
    }

    function isKnown(bytes4 selector) internal pure returns (bool) {
        return selector == GAS_LIMIT || selector == EXPIRY || selector == ASSURANCE || selector == NO_CODE;
    }

    /// @dev Selector and word, whatever the length: what is not there reads as the bytes that follow, and the caller
    /// refuses the length.
    function _split(bytes calldata attribute) private pure returns (bytes4 selector, uint256 value) {
        assembly ("memory-safe") {
            selector := and(calldataload(attribute.offset), shl(224, 0xffffffff)) // bytes4 stands at the top, clean below
            value := calldataload(add(attribute.offset, 4))
        }
    }
}
