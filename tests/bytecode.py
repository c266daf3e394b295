"""
Bytecode: contracts of a few bytes and of no language, each with one habit, as the code that creates them.

Those that take messages are `faults.recipients`'s.
"""


def creation(code: bytes) -> bytes:
    """What leaves this code on a chain; at most 255 bytes."""
    return bytes((0x60, len(code))) + bytes.fromhex("80600b6000396000f3") + code


#: Slot 0 = caller, slot 1 = value, slot 2 = first word of the calldata.
RECORDS = creation(bytes.fromhex("336000553460015560003560025500"))
REVERTS = creation(bytes.fromhex("60006000fd"))
#: Without calldata: slot 0 = 1. With calldata: reverts while slot 0 is 0.
VALVE = creation(bytes.fromhex("36600a57600160005500" + "5b600054601657" + "60006000fd" + "5b00"))
#: Calls its first word with the rest of its calldata and all value, and reverts where that does.
FORWARDS = creation(
    bytes.fromhex("6020360360206000376000600060203603600034600035" + "5af1" + "602157" + "60006000fd" + "5b00")
)
#: Writes forty slots that were empty: its first call takes more gas than anybody said.
HUNGRY = creation(b"".join(bytes((0x43, 0x60, slot, 0x55)) for slot in range(40)) + b"\x00")
