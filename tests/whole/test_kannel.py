"""A real Kannel: a phone (fakesmsc) asks, bearerbox and smsbox carry, the desk answers, and the phone gets it."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.whole.running import Running, free_ports

pytestmark = [pytest.mark.kannel, pytest.mark.rasa, pytest.mark.xdist_group("kannel")]
BEARERBOX, SMSBOX = Path("/usr/sbin/bearerbox"), Path("/usr/sbin/smsbox")
FAKESMSC = Path("/usr/lib/kannel/test/fakesmsc")
SECRET = "a-secret-path-of-kannel-42"

CONFIG = """group = core
admin-port = {admin}
admin-password = administrator
smsbox-port = {box}
box-allow-ip = "127.0.0.1"
log-level = 2

group = smsc
smsc = fake
smsc-id = phone
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}
sendsms-interface = "127.0.0.1"
global-sender = 1234
mo-recode = true
log-level = 2

group = sendsms-user
username = safar
password = secret-password
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "{web}/webhooks/kannel/{secret}?from=%p&to=%P&text=%b&coding=%c&at=%T&id=%I"
"""


@contextmanager
def kannel(folder: Path, web: str, send: int, smsc: int) -> Iterator[None]:
    admin, box = free_ports(2)
    config = folder / "kannel.conf"
    config.write_text(
        CONFIG.format(admin=admin, box=box, smsc=smsc, send=send, web=web, secret=SECRET), encoding="utf-8"
    )
    processes: list[subprocess.Popen[bytes]] = []
    with (folder / "kannel.log").open("wb") as log:
        try:
            for program in (BEARERBOX, SMSBOX):
                processes.append(subprocess.Popen([program, config], cwd=folder, stdout=log, stderr=log))
                time.sleep(1.5)
                said = (folder / "kannel.log").read_text(encoding="utf-8", errors="replace")
                assert processes[-1].poll() is None, said
            yield
        finally:
            for process in reversed(processes):
                process.terminate()
            for process in processes:
                process.wait(15)


def phone(folder: Path, port: int, name: str, message: str, seconds: float, *wanted: str) -> str:
    """Send one message from a phone and return what fakesmsc printed, as soon as it holds all that is wanted."""
    output = folder / f"{name}.log"
    with output.open("wb") as log:
        command = [FAKESMSC, "-H", "127.0.0.1", "-r", str(port), "-m", "1", "-i", "0.1", message]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                said = output.read_text(encoding="utf-8", errors="replace")
                if all(word in said for word in wanted):
                    return said
                time.sleep(0.2)
        finally:
            process.kill()
            process.wait(5)
    return output.read_text(encoding="utf-8", errors="replace")


def test_a_phone_asks_by_sms_and_gets_the_answer(trained: Path, tmp_path: Path) -> None:
    if not (BEARERBOX.exists() and FAKESMSC.exists()):
        assert "CI" not in os.environ, "Kannel is missing"
        pytest.skip("Kannel is not installed (on Debian: apt install kannel kannel-extras)")
    send, smsc = free_ports(2)
    running = Running(
        tmp_path / "data",
        {
            "SAFAR_KANNEL_URL": f"http://127.0.0.1:{send}/cgi-bin/sendsms",
            "SAFAR_KANNEL_USER": "safar",
            "SAFAR_KANNEL_PASSWORD": "secret-password",
            "SAFAR_KANNEL_SECRET": SECRET,
        },
    ).start()
    try:
        with kannel(tmp_path, running.url, send, smsc):
            english = phone(
                tmp_path, smsc, "en", "+97455512345 1234 text my boss in qatar has not paid my salary", 40, "16008"
            )
            assert "16008" in english, english
            arabic = phone(tmp_path, smsc, "ar", "+97455512346 1234 text please speak arabic", 40, "%06")
            assert "%06" in arabic, arabic  # UCS-2: Arabic letters are 06xx
    finally:
        assert running.stop() == 0
