// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Message} from "../src/types/Message.sol";
import {Wire} from "./core/Wire.sol";
import {World} from "./core/World.sol";

/// @notice What the core's calls cost, kept in `snapshots/Core.json`: `FOUNDRY_GAS_SNAPSHOT_CHECK=true` fails when one of them
/// changes. Slots and accounts are warm here and the code is not the shipped build, so these figures compare a change with the
/// code before it; what users pay is in `docs/benchmarks.md`.
contract CoreGasTest is World {
    function test_send() public {
        _send(SETTLED);
        bytes memory recipient = _interoperable(away.id, address(diary));
        bytes[] memory none;
        _on(home);
        home.outbox.sendMessage(recipient, abi.encode(1), none);
        _keep("send 32 bytes");
        home.outbox.sendMessage(recipient, abi.encode(1), _attributes(_dearest()));
        _keep("send 32 bytes, gas limit, expiry, attested");
    }

    function test_deliver() public {
        _sendMany(103);
        _deliver(ATTESTED, 0, 1, WEAK);
        _deliverShown(1, 1);
        _keep("deliver 1, known head");
        _deliverSigned(2, 1);
        _keep("deliver 1, 2 of 3 attesters");
        _deliverSigned(3, 100);
        _keep("deliver 100 to one recipient, 2 of 3 attesters");
    }

    function test_retryAndExpire() public {
        diary.close(true);
        Wire.Parcel memory parcel = _send(ATTESTED);
        Message memory m = _message(ATTESTED);
        m.expiry = uint64(block.timestamp + 5);
        Wire.Parcel memory over = _send(m, "");
        _deliver(ATTESTED, 0, 1, WEAK);
        diary.close(false);
        _on(away);
        away.inbox.retry(Wire.header(parcel.message), parcel.payload, 200_000, payee);
        _keep("retry");
        vm.warp(m.expiry + 1);
        away.inbox.expire(Wire.header(over.message));
        _keep("expire");
    }

    function test_settle() public {
        _sendMany(201);
        _deliver(ATTESTED, 0, 1, WEAK);
        _deliver(ATTESTED, 1, 100, WEAK);
        for (uint256 i; i < 100; ++i) {
            _deliver(ATTESTED, 101 + i, 1, WEAK);
        }
        _settle(ATTESTED, 0, 1, WEAK);
        _settle(ATTESTED, 1, 1, WEAK);
        _keep("settle 100 of one receipt, 2 of 3 attesters");
        _settle(ATTESTED, 2, 100, WEAK);
        _keep("settle 100 receipts of one, 2 of 3 attesters");
    }

    function _dearest() private view returns (Message memory m) {
        m = _message(ATTESTED);
        (m.gasLimit, m.expiry) = (60_000, uint64(block.timestamp + 5));
    }

    function _sendMany(uint256 count) private {
        Message memory m = _message(ATTESTED);
        m.fee = 1 gwei;
        for (uint256 i; i < count; ++i) {
            _send(m, abi.encode(i));
        }
    }

    function _deliverSigned(uint256 first, uint256 count) private {
        bytes memory segment = _segmentOf(ATTESTED, first, count);
        bytes memory evidence = _evidenceOf(ATTESTED, WEAK);
        _on(away);
        away.inbox.deliver(segment, evidence, payee);
    }

    function _deliverShown(uint256 first, uint256 count) private {
        bytes32 log = _laneOf(ATTESTED).log();
        bytes memory segment = _segmentOf(ATTESTED, first, count);
        bytes memory evidence = _evidenceOf(ATTESTED, WEAK);
        _on(away);
        away.heads.show(log, headsOf[log][103], 103, evidence);
        away.inbox.deliver(segment, "", payee);
    }

    function _keep(string memory name) private {
        vm.snapshotGasLastCall("Core", name);
    }
}
