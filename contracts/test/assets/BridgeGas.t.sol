// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bridges, Coin} from "./Bridges.sol";

/// @notice What bridges themselves cost, in steady state; the figures stand in `snapshots/Bridges.json`, and another figure fails
/// the gate. Whole transactions, sends included, are measured as shipped by `make bench`.
contract BridgeGasTest is Bridges {
    function setUp() public {
        _deployBridges(new Coin(), 0);
        _bring(alice, 100);
        _bring(bob, 100);
        _arrive(false, _send(false, alice, bob, 10, _soon(), 0));
        _fund(alice, 100);
    }

    function test_gas_receiveMessage() public {
        bytes memory payload = abi.encode(_account(home, alice), abi.encodePacked(bob), 10);
        bytes memory sender = _account(home, address(lock));
        _on(away);

        vm.prank(address(away.inbox));
        mint.receiveMessage(bytes32(0), sender, payload);

        vm.snapshotGasLastCall("Bridges", "receiveMessage: mint");
    }

    function test_gas_receiveMessageBack() public {
        bytes memory payload = abi.encode(_account(away, alice), abi.encodePacked(bob), 10);
        bytes memory sender = _account(away, address(mint));
        _on(home);

        vm.prank(address(home.inbox));
        lock.receiveMessage(bytes32(0), sender, payload);

        vm.snapshotGasLastCall("Bridges", "receiveMessage: release");
    }

    function test_gas_refund() public {
        Sent memory sent = _send(true, alice, bob, 10, _soon(), 0);
        _lapse(true, sent);
        bytes memory header = sent.message.encode();
        _on(home);

        lock.refund(header, sent.payload);

        vm.snapshotGasLastCall("Bridges", "refund: release");
    }
}
