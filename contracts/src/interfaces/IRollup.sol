// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.27;

import {RoutedHead} from "./IRoutedHeads.sol";

/// @title A rollup, as its anchor sees it
/// @notice What the {IRouter} asks on L1: which heads the rollup's own contracts show now, and which call carries a
/// message to it. One contract for each rollup and era of its contracts; it is all that a family has to bring to be
/// routed through L1, whether its contracts hold state roots ({StateRooted}) or messages of the rollup itself.
interface IRollup {
    /// @notice The bridge takes `expected` wei, or at least so much where it sells gas on the rollup.
    error WrongValue(uint256 value, uint256 expected);

    /// @notice The rollup.
    function chain() external view returns (uint64);

    /// @notice Heads of logs on the rollup that its contracts on L1 show now, by their own rule for withdrawals.
    /// @param proof As the family packs it (chapter 7 of the protocol)
    /// @return number Block of the rollup
    /// @return destination The one chain that all of them are for
    /// @return shown Heads, each of a log on the rollup
    function heads(bytes calldata proof)
        external
        view
        returns (uint64 number, uint64 destination, RoutedHead[] memory shown);

    /// @notice The call that makes the rollup's canonical bridge call `target` with `data`. Whoever makes it is, aliased,
    /// the sender there.
    /// @param gasLimit Gas for the call on the rollup
    /// @param value wei that go along; they buy the rollup's gas where its bridge sells it, and nothing else
    /// @param payer Whose, on the rollup, is what is left of them
    /// @return bridge Contract to call on the anchor, with `value`
    /// @return call Its calldata
    /// @custom:throws WrongValue
    function deposit(address target, uint64 gasLimit, bytes calldata data, uint256 value, address payer)
        external
        view
        returns (address bridge, bytes memory call);
}
