// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";

import {IInbox} from "../../src/interfaces/IInbox.sol";

bytes4 constant SELECTOR = IERC7786Recipient.receiveMessage.selector;

/// @notice Remembers what it was called with; can be made to fail.
contract Diary is IERC7786Recipient {
    error NotToday(uint256 entries);

    uint256 public entries;
    uint256 public gasSeen;
    bytes32 public lastId;
    bytes public lastSender;
    bytes public lastPayload;
    bool public closed;
    mapping(bytes32 id => uint256) public times;

    function close(bool value) external {
        closed = value;
    }

    function receiveMessage(bytes32 id, bytes calldata sender, bytes calldata payload)
        external
        payable
        returns (bytes4)
    {
        gasSeen = gasleft();
        if (closed) revert NotToday(entries);
        ++entries;
        ++times[id];
        (lastId, lastSender, lastPayload) = (id, sender, payload);
        return SELECTOR;
    }
}

/// @notice Answers with whatever bytes it was told, as a revert or not.
contract Answer {
    bytes private _answer;
    uint256 private _size;
    bool private _fails;

    constructor(bytes memory answer, uint256 size, bool fails) {
        (_answer, _size, _fails) = (answer, size, fails);
    }

    fallback() external payable {
        bytes memory answer = _answer;
        (uint256 size, bool fails) = (_size, _fails);
        assembly ("memory-safe") {
            let start := add(answer, 0x20)
            let rest := sub(size, mload(answer))
            calldatacopy(add(start, mload(answer)), calldatasize(), rest) // zeros
            if fails { revert(start, size) }
            return(start, size)
        }
    }
}

/// @notice Never comes back with gas.
contract Furnace {
    fallback() external payable {
        while (true) {}
    }
}

/// @notice Calls what it was told to call while it receives, keeps the answer, and succeeds.
contract Reenterer is IERC7786Recipient {
    address public target;
    bytes public data;
    bool public success;
    bytes public answer;

    function aim(address target_, bytes memory data_) external {
        (target, data) = (target_, data_);
    }

    function receiveMessage(bytes32, bytes calldata, bytes calldata) external payable returns (bytes4) {
        (success, answer) = target.call(data);
        return SELECTOR;
    }

    receive() external payable {
        (success, answer) = target.call(data);
    }
}

/// @notice Accepts messages on one verifier's word only.
contract Careful is IERC7786Recipient {
    uint256 public entries;

    constructor(IInbox inbox, uint256 mask) {
        inbox.setPolicy(mask);
    }

    function receiveMessage(bytes32, bytes calldata, bytes calldata) external payable returns (bytes4) {
        ++entries;
        return SELECTOR;
    }
}
