"""The program on a devnet: verbs answer on stdout, in JSON where asked, and end with codes that a script can use."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tests.integration.clients import file_of
from tests.program import ENVIRONMENT, at_a_terminal, xl2
from tests.waiting import PATIENCE_SECONDS
from xl2.cli.outcome import guarded
from xl2.cli.program import xl2 as program
from xl2_devnet.accounts import account
from xl2_devnet.devnet_file import Description

A, B = "op-a", "op-b"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def devnet(undisputed: Description) -> Description:
    """The one that the verbs are about."""
    return undisputed


@pytest.fixture
def within(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same as `xl2` without a process for each command, most of whose time would be imports."""
    for name in os.environ.keys() - ENVIRONMENT.keys():
        monkeypatch.delenv(name)

    def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(folder)
        capsys.readouterr()
        code = guarded(program, list(words))
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return subprocess.CompletedProcess(words, code, said.out, said.err)

    return run


def told(ran: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    """The one JSON value on stdout."""
    assert ran.returncode == code, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


@contextmanager
def daemon(folder: Path, *words: str) -> Iterator[Callable[[], dict[str, Any]]]:
    """A daemon that starts, and who waits for what it says when it is ready. Ctrl-C ends it with code 0."""
    with subprocess.Popen(
        [sys.executable, "-m", "xl2.cli", *words, "--json"],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield partial(_first_value, process.stdout)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()


def _first_value(lines: Any) -> dict[str, Any]:
    text = ""
    for line in lines:
        text += line
        if line.startswith("}"):
            return dict(json.loads(text))
    raise AssertionError(f"the daemon ended before it was ready: {text}")


def keystore(file: Path, password: Path, role: str) -> dict[str, str]:
    """What names the key of an account as one that is not known before it is opened."""
    file.write_text(
        json.dumps(Account.encrypt(bytes.fromhex(account(role).private_key[2:]), "sesame", iterations=1 << 10)), "utf-8"
    )
    password.write_text("sesame\n", "utf-8")
    for one in (file, password):
        one.chmod(0o600)
    return {"keystore": file.name, "password_file": password.name}


def notebook(devnet: Description, chain: str) -> str:
    return devnet.chain(chain).contracts["notebook"]


def test_a_message_is_sent_relayed_and_told_of(devnet: Description, tmp_path: Path) -> None:
    file_of(devnet, tmp_path, key="bob")

    sent = told(xl2(tmp_path, "send", A, B, notebook(devnet, B), "hello", "--class", "attested", "--yes", "--json"))
    explained = told(xl2(tmp_path, "explain", sent["id"], "--json"))
    relayed = told(xl2(tmp_path, "relay", sent["id"], "--until", "settled", "--yes", "--json"))
    status = told(xl2(tmp_path, "status", sent["id"], "--json"))

    assert explained["state"] in ("sent", "observed")
    assert explained["cause"]
    assert [act["evidence"] for act in relayed["acts"]] == ["attested", "attested"]
    assert [step["state"] for step in status["steps"]] == ["sent", "observed", "delivered", "confirmed", "settled"]
    assert status["steps"][0]["tx_hash"] == sent["tx_hash"]


def test_people_get_tables_of_the_same(devnet: Description, tmp_path: Path, within: Run) -> None:
    file_of(devnet, tmp_path, key="bob")
    sent = told(within(tmp_path, "send", A, B, notebook(devnet, B), "0x01ff", "--class", "attested", "--yes", "--json"))

    shown = [
        within(tmp_path, "status", sent["id"]),
        within(tmp_path, "explain", sent["id"]),
        within(tmp_path, "relay", sent["id"], "--yes"),
    ]

    assert [ran.returncode for ran in shown] == [0, 0, 0]
    assert "is sent" in shown[0].stdout or "is observed" in shown[0].stdout
    assert "what moves it" in shown[1].stdout
    assert "attested" in shown[2].stdout


def test_tokens_move_and_an_overdue_transfer_comes_back(devnet: Description, tmp_path: Path, within: Run) -> None:
    file_of(devnet, tmp_path, key="carol")
    words = ("transfer", A, B, "USDD", "1.25", account("carol").address, "--expires-in", "6", "--yes", "--json")

    sent = told(within(tmp_path, *words))
    relayed = told(within(tmp_path, "relay", sent["id"], "--until", "refunded", "--yes", "--json"))

    assert relayed["status"]["state"] == "refunded"
    assert any(act["what"].startswith("refund transfer") for act in relayed["acts"])


def test_relayer_and_attesters_carry_what_nobody_relays(devnet: Description, tmp_path: Path, within: Run) -> None:
    file = json.loads(file_of(devnet, tmp_path).read_text("utf-8"))
    signers = {name: file["keys"].pop(name) for name in ("attester-0", "attester-1", "attester-2", "attester-3")}
    del file["keys"]["attester-4"]
    (tmp_path / "attesters").mkdir()
    (tmp_path / "attesters" / "devnet.json").write_text(json.dumps({**file, "keys": signers}), "utf-8")
    with (
        daemon(tmp_path / "attesters", "attester", "run", "--key", "attester-0") as first,
        daemon(tmp_path / "attesters", "attester", "run", "--key", "attester-1") as second,
        daemon(tmp_path / "attesters", "attester", "run", "--key", "attester-3") as third,
    ):
        ready = [attester() for attester in (first, second, third)]
        file["attester"] = {"urls": {each["address"]: each["url"] for each in ready}}
        file["relayer"] = {"store": "relayer.sqlite", "classes": ["attested"], "poll_seconds": 0.25, "min_fee_wei": 1}
        file["keys"] |= {"locked": keystore(tmp_path / "locked.json", tmp_path / "password", "dave")}
        (tmp_path / "devnet.json").write_text(json.dumps({**file, "key": "frank"}), "utf-8")
        with daemon(tmp_path, "relayer", "run", "--key", "dave") as relayer:
            carrying = relayer()
            sent = told(
                within(tmp_path, "send", A, B, notebook(devnet, B), "hi", "--class", "attested", "-y", "--json")
            )
            status = told(
                within(
                    tmp_path, "status", sent["id"], "--wait", "settled", "--timeout", f"{PATIENCE_SECONDS}", "--json"
                )
            )
            words = ("relayer", "claim", "--yes", "--json", "--key")
            refused = [told(within(tmp_path, *words, name), 3)["error"]["what"] for name in ("dave", "locked")]
            claimed = told(within(tmp_path, *words, "relayer"))

    assert all(f"signs as {account('dave').address} already" in what for what in refused)
    assert claimed["account"] == account("dave").address
    assert [one["chain"] for one in claimed["claims"] if one["tx_hash"]] == [901]
    assert carrying["lanes"] == ["op-a to op-b, attested", "op-b to op-a, attested"]
    delivered = next(step for step in status["steps"] if step["state"] == "delivered")
    assert account("dave").address in delivered["detail"]


def test_anybody_has_fees_paid_out_to_who_earned_them(devnet: Description, tmp_path: Path, within: Run) -> None:
    file_of(devnet, tmp_path, key="erin")
    sent = told(within(tmp_path, "send", A, B, notebook(devnet, B), "paid", "--class", "attested", "--yes", "--json"))
    told(within(tmp_path, "relay", sent["id"], "--until", "settled", "--yes", "--json"))
    words = ("relayer", "claim", "--account", account("erin").address, "--key", "grace", "--yes")

    claimed = {one["chain"]: one for one in told(within(tmp_path, *words, "--json"))["claims"]}
    again = within(tmp_path, *words, "--chain", A)

    assert claimed[901]["credit_wei"] >= sent["fee_wei"] > 0
    assert claimed[901]["tx_hash"]
    assert (again.returncode, again.stdout.count("nothing to claim")) == (0, 1)
    assert account("erin").address in again.stdout


def test_doctor_finds_a_running_devnet_well(devnet: Description, tmp_path: Path, within: Run) -> None:
    file_of(devnet, tmp_path)

    found = told(within(tmp_path, "doctor", "--json"))

    assert all(check["ok"] for check in found["checks"])
    assert "op-a: lanes to op-b" in [check["what"] for check in found["checks"]]


def test_doctor_says_what_is_ill_and_what_to_do_and_looks_at_the_rest(
    devnet: Description, tmp_path: Path, within: Run
) -> None:
    file = json.loads(devnet.to_json())
    file["chains"][A]["rpc_url"] = file["chains"][B]["rpc_url"]
    file["chains"]["l1"]["rpc_url"] = "http://127.0.0.1:1"
    (tmp_path / "devnet.json").write_text(json.dumps(file), "utf-8")

    checks = {check["what"]: check for check in told(within(tmp_path, "doctor", "--json"), code=1)["checks"]}

    assert "answers for chain 902" in checks["op-a: endpoint"]["said"]
    assert not checks["l1: endpoint"]["ok"]
    assert checks["op-b: blocks"]["ok"]
    assert all(check["remedy"] for check in checks.values() if not check["ok"])


def test_doctor_looks_at_the_balances_of_a_key_that_a_keystore_keeps(
    devnet: Description, tmp_path: Path, within: Run
) -> None:
    (tmp_path / "password").write_text("sesame")
    (tmp_path / "password").chmod(0o600)
    made = told(within(tmp_path, "keys", "new", "relayer.json", "--password-file", "password", "--json"))
    file = json.loads(devnet.to_json())
    file["keys"]["relayer"] = {"keystore": "relayer.json", "password_file": "password"}
    file["keys"]["funded"] = account("relayer").private_key
    (tmp_path / "devnet.json").write_text(json.dumps(file), "utf-8")

    empty = {one["what"]: one for one in told(within(tmp_path, "doctor", "--json"), code=1)["checks"]}
    file["relayer"] |= {"key": "funded", "low_balance_wei": {A: 10**30}}
    (tmp_path / "devnet.json").write_text(json.dumps(file), "utf-8")
    low = {one["what"]: one for one in told(within(tmp_path, "doctor", "--json"), code=1)["checks"]}

    assert made["account"] in empty["relayer: earns"]["said"]
    for chain in ("l1", A, B):
        assert not empty[f"relayer: balance on {chain}"]["ok"]
        assert f"{made['account']} has 0 wei" in empty[f"relayer: balance on {chain}"]["said"]
    assert [what for what, one in low.items() if not one["ok"]] == [f"relayer: balance on {A}"]
    assert "below relayer.low_balance_wei" in low[f"relayer: balance on {A}"]["said"]


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (("status", "0x" + "ab" * 32), 3, "NotFound"),
        (("status", "0x12"), 3, "InvalidInput"),
        (("send", A, "op-z", "0x" + "12" * 20, "--yes"), 3, "NotFound"),
        (("send", A, A, "0x" + "12" * 20, "--yes"), 3, "InvalidInput"),
        (("send", A, B, "0x" + "12" * 20, "0xzz", "--yes"), 3, "InvalidInput"),
        (("transfer", A, B, "NONE", "1", "0x" + "12" * 20, "--yes"), 3, "NotFound"),
        (("transfer", A, B, "USDD", "1.0000001", "0x" + "12" * 20, "--yes"), 3, "InvalidInput"),
        (("relay", "0x" + "ab" * 32, "--yes"), 3, "NotFound"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None,
)
def test_a_refusal_is_one_sentence_a_remedy_and_code_3(
    devnet: Description, tmp_path: Path, within: Run, *, words: tuple[str, ...], code: int, name: str
) -> None:
    file_of(devnet, tmp_path)

    error = told(within(tmp_path, *words, "--json"), code)["error"]
    spoken = within(tmp_path, *words)

    assert error["code"] == name
    assert error["what"]
    assert error["remedy"]
    assert spoken.returncode == code
    assert spoken.stderr.startswith(f"xl2: {error['what']}")
    assert error["remedy"] in spoken.stderr


def test_without_a_terminal_nothing_is_signed_unasked(devnet: Description, tmp_path: Path) -> None:
    file_of(devnet, tmp_path, key="grace")

    error = told(xl2(tmp_path, "send", A, B, notebook(devnet, B), "hi", "--json"), 3)["error"]

    assert error["code"] == "NotAccepted"
    assert "--yes" in error["what"]


def test_a_time_that_is_over_is_code_4(devnet: Description, tmp_path: Path, within: Run) -> None:
    file_of(devnet, tmp_path, key="bob")
    sent = told(within(tmp_path, "send", A, B, notebook(devnet, B), "slow", "--yes", "--json"))

    error = told(within(tmp_path, "status", sent["id"], "--wait", "delivered", "--timeout", "0", "--json"), 4)["error"]

    assert error["code"] == "NotYet"


def test_at_a_terminal_a_person_sees_the_transaction_and_decides(devnet: Description, tmp_path: Path) -> None:
    file_of(devnet, tmp_path, key="grace")
    words = ("send", A, B, notebook(devnet, B), "hi", "--class", "attested")

    code, shown = at_a_terminal(tmp_path, *words, question="Sign and send?", answer="n")

    assert code == 3
    assert "Sends 2 bytes to" in shown
    assert "gas, at most" in shown
    assert "TRUSTS_SIGNERS" in shown
    assert "not signed: you declined" in shown
