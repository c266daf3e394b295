"""
Make deposit.json: `python -m tests.vectors.zk_stack.make_deposit INTERFACE`.

INTERFACE is `contracts/l1-contracts/bridgehub/IBridgehub.sol` of @matterlabs/zksync-contracts 29.0.0 (MIT). Encodes a
deposit of today by eth_abi, with the field types that stand there; no network of this era can run here.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_utils import keccak

HERE = Path(__file__).parent
CHAIN, VALUE, GAS_PRICE = 324, 10**18, 7 * 10**9
TARGET, PAYER, DATA = "0x" + "b0" * 20, "0x" + "aa" * 20, bytes.fromhex("c0ffee")
#: What `PriorityRequest` asks for, for a call that takes 77,000 gas on the EVM; the price of pubdata is fixed.
GAS_LIMIT, L2_GAS, GAS_PER_PUBDATA = 77_000, 600_000 + 4 * 77_000, 800


def main(interface: str, folder: Path = HERE) -> None:
    """Write the file into `folder`. `interface`: the Solidity text."""
    declared = re.search(r"struct L2TransactionRequestDirect \{(.*?)\}", interface, re.DOTALL)
    if declared is None or "function l2TransactionBaseCost(" not in interface:
        raise ValueError("this is not the interface of the bridgehub")
    fields = [field.split()[0] for field in declared[1].split(";") if field.strip()]
    request = f"({','.join(fields)})"
    values: tuple[Any, ...] = (CHAIN, VALUE, TARGET, 0, DATA, L2_GAS, GAS_PER_PUBDATA, [], PAYER)
    call = keccak(text=f"requestL2TransactionDirect({request})")[:4] + encode([request], [values])
    asked = [CHAIN, GAS_PRICE, L2_GAS, GAS_PER_PUBDATA]
    cost = keccak(text="l2TransactionBaseCost(uint256,uint256,uint256,uint256)")[:4] + encode(["uint256"] * 4, asked)
    written = {
        "chain": hex(CHAIN),
        "target": TARGET,
        "gasLimit": hex(GAS_LIMIT),
        "data": "0x" + DATA.hex(),
        "value": hex(VALUE),
        "payer": PAYER,
        "gasPrice": hex(GAS_PRICE),
        "baseCost": "0x" + cost.hex(),
        "call": "0x" + call.hex(),
    }
    (folder / "deposit.json").write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).read_text())
