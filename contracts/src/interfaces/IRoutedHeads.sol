// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {IVerifier} from "./IVerifier.sol";

/// @notice A head and the log it is of.
struct RoutedHead {
    bytes32 log;
    bytes32 head;
}

/// @title Heads that the L1 router has sent
/// @notice The other end of {IRouter}: heads come by the canonical bridge of this chain, whose deposits carry their
/// sender. Trusts the rollups' own contracts on L1 and the router's settings there, nobody here.
/// @custom:invariant Only a deposit by the router adds a head; none is ever taken away.
interface IRoutedHeads is IVerifier {
    /// @notice The router says that `head` is a value of `log`.
    event Accepted(bytes32 indexed log, bytes32 indexed head);

    /// @notice Only the router speaks here, and it speaks as `expected`.
    error NotRouter(address caller, address expected);
    /// @notice The router has not sent this head.
    error NotAccepted(bytes32 log, bytes32 head);
    /// @notice A routed head needs no proof; this one came with `size` bytes.
    error ProofNotEmpty(uint256 size);
    /// @notice Zero is the value of an empty slot, never a head.
    error ZeroRoutedHead(bytes32 log);

    /// @notice Accepts heads; again is the same as once.
    /// @custom:throws NotRouter, ZeroRoutedHead
    function accept(RoutedHead[] calldata heads) external;

    /// @notice Whether the router has sent this head.
    function accepted(bytes32 log, bytes32 head) external view returns (bool);

    /// @notice Address of the router as a sender of deposits here: its L1 address +
    /// 0x1111000000000000000000000000000000001111.
    function router() external view returns (address);
}
