"""What a hostile message must not reach, watched from outside the service: files, addresses, the record, its time.

The file is a named pipe: whoever opens it to read waits there until somebody opens the other end, and so cannot have
been and gone unseen. The address is a listening socket, whose queue keeps whoever connected.
"""

from __future__ import annotations

import os
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from singlewindow.access.keys import Role
from tests.documents import original
from tests.e2e.hostile.life_rows import PRESENT, Call
from tests.e2e.hostile.row import ANOTHER_PARTY, LODGE, Row, json
from tests.e2e.service import Service
from tests.integration.documents import JSON_TYPE, TRADER

PROBLEM = {"type", "title", "status", "code", "detail", "trace_id"}
WITH_FAULTS = PROBLEM | {"faults", "faults_total", "truncated"}
SMALL_BODY, SECONDS = 256_000, 0.3
QUICKER = {"40": 0.05}
MOST_FAULTS, LARGEST_ANSWER, MEMORY_MEGABYTES = 100, 64_000, 512
TICKS = os.sysconf("SC_CLK_TCK")
OURS = re.compile(r"Traceback|site-packages|\.py\b|/tmp/|lxml|libxml|sqlite", re.IGNORECASE)
ECHO = 100


class Witness:
    """A running service, a trader of it, and what is watched."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service = service
        self.file = folder / "canary"
        os.mkfifo(self.file)
        self.port = socket.create_server(("127.0.0.1", 0))
        self.port.setblocking(False)
        self.keys = {"trader": service.key(Role.TRADER, party=TRADER), "auditor": service.key(Role.AUDITOR),
                     "agency": service.key(Role.AGENCY, agency="customs"),
                     "officer": service.key(Role.AGENCY, agency="firearms"),
                     "broker": service.key(Role.BROKER, party="BROKER1")}  # fmt: skip
        service.key(Role.TRADER, party=ANOTHER_PARTY)
        self.http = httpx.Client(base_url=service.url, trust_env=False, timeout=30.0)
        self._web = service.processes()["web"]
        self._count = 0

    def close(self) -> None:
        """End what was opened."""
        self.http.close()
        self.port.close()

    def filled(self, content: bytes) -> bytes:
        """The message with a reference of its own and the addresses that are watched."""
        self._count += 1
        content = content.replace(b"@LRN@", self.reference.encode())
        content = content.replace(b"@LR<!-- -->N@", self.reference.replace("W", "<!-- -->W").encode())
        return self.with_addresses(content)

    def with_addresses(self, content: bytes) -> bytes:
        """The message with the addresses that are watched."""
        port = str(self.port.getsockname()[1]).encode()
        return content.replace(b"@FILE@", str(self.file).encode()).replace(b"@PORT@", port)

    @property
    def reference(self) -> str:
        """The reference of the message sent last."""
        return f"ROW{self._count}"

    def get(self, path: str) -> httpx.Response:
        """Read something as the trader, in JSON."""
        headers = {"Authorization": f"Bearer {self.keys['trader']}", "Accept": "application/json"}
        return self.http.get(path, headers=headers)

    def lodge(self, row: Row) -> httpx.Response:
        """Send the row's message as a trader."""
        headers = {"Authorization": f"Bearer {self.keys['trader']}", **row.headers}
        if row.media is not None:
            headers["Content-Type"] = row.media
        return self.http.post(LODGE, content=self.filled(row.content), headers=headers)

    def lodge_a_good_one(self) -> httpx.Response:
        """Send a good declaration."""
        self._count += 1
        headers = {"Authorization": f"Bearer {self.keys['trader']}", "Content-Type": "application/xml"}
        return self.http.post(LODGE, content=original(f"GOOD{self._count}", party=TRADER), headers=headers)

    def lodge_in_life(self, kind: str) -> str:
        """Lodge a good declaration of this type, decided if its goods are present: its MRN."""
        receipt = self.lodge(Row("", kind, json(TypeCode=kind), 202, media=JSON_TYPE)).json()
        decided = self.get(f"{receipt['links']['decision']}?wait=20") if kind == PRESENT else None
        assert decided is None or decided.status_code == 200, decided.text
        return str(receipt["mrn"])

    def call(self, mrn: str, call: Call) -> httpx.Response:
        """Send what is about the declaration lodged last."""
        now = (datetime.now(UTC) - timedelta(seconds=1)).isoformat().encode()
        content = call.content.replace(b"@MRN@", mrn.encode()).replace(b"@NOW@", now)
        content = self.with_addresses(content.replace(b"@LRN@", self.reference.encode()))
        path = {"": LODGE, "PUT": f"{LODGE}/{mrn}"}.get(call.to, f"{LODGE}/{mrn}/{call.to}")
        headers = [("Authorization", f"Bearer {self.keys['trader']}"), ("Content-Type", call.media)]
        named = [(name.encode(), value.encode()) for name, value in [*headers, *call.headers.items()]]
        return self.http.request("PUT" if call.to == "PUT" else "POST", path, content=content, headers=named)

    def subscribe(self, row: Row) -> httpx.Response:
        """Send the row's subscription as a trader."""
        headers = {"Authorization": f"Bearer {self.keys['trader']}", "Content-Type": row.media or ""}
        return self.http.post("/v1/subscriptions", content=self.with_addresses(row.content), headers=headers)

    def officer(self, method: str, path: str, content: bytes = b"") -> httpx.Response:
        """Call as an officer of the firearms authority, who has not said which person it is."""
        headers = {"Authorization": f"Bearer {self.keys['officer']}", "Content-Type": JSON_TYPE}
        return self.http.request(method, path, content=content or None, headers=headers)

    def stored(self) -> tuple[object, ...]:
        """How much is in the record that only a lodgement writes."""
        counts = (f"(SELECT count(*) FROM {table})" for table in ("declaration", "version"))
        lodged = "(SELECT count(*) FROM event WHERE kind = 'lodged')"
        return self.service.query(f"SELECT {', '.join(counts)}, {lodged}")[0]

    def seconds(self) -> float:
        """Processor time that the web process and those it started have used, in seconds."""
        return sum(_ticks(process) for process in (self._web, *_children(self._web))) / TICKS

    def peak_megabytes(self) -> float:
        """The most memory that the web process has had."""
        status = Path(f"/proc/{self._web}/status").read_text(encoding="ascii", errors="replace")
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024

    def touched(self) -> list[str]:
        """Which of the watched things were touched."""
        found = []
        try:
            os.close(os.open(self.file, os.O_WRONLY | os.O_NONBLOCK))
            found.append("the file was opened")
        except OSError:  # nobody waits at the other end
            pass
        try:
            self.port.accept()[0].close()
            found.append("somebody connected")
        except BlockingIOError:
            pass
        return found

    def same_process(self) -> bool:
        """Whether the web process is the one it was at the start."""
        return self.service.processes()["web"] == self._web

    def log_lines(self, trace_id: str) -> list[str]:
        """The lines of the service's log about one request."""
        return [line for line in self.service.log().splitlines() if trace_id in line]


def allowed_seconds(row: Row) -> float:
    """The time a row may take: in proportion to its size above `SMALL_BODY`."""
    limit = min((QUICKER[number] for number in row.rows.split() if number in QUICKER), default=SECONDS)
    return limit * max(1.0, len(row.content) / SMALL_BODY)


def shape_faults(answer: httpx.Response, content: bytes) -> list[str]:
    """What is wrong with the form of a problem document."""
    body = answer.json()
    shown = str(content[:50_000].decode("utf-8", "replace"))
    echoes = any(shown[at : at + ECHO + 1] in answer.text for at in range(0, max(0, len(shown) - ECHO), ECHO))
    wrong = {
        "media type": answer.headers["content-type"] != "application/problem+json",
        "members": set(body) - {"mrn"} not in (PROBLEM, WITH_FAULTS),
        "status": body["status"] != answer.status_code,
        "trace id": body["trace_id"] != answer.headers["x-trace-id"],
        "size": len(answer.content) > LARGEST_ANSWER or len(body.get("faults", [])) > MOST_FAULTS,
        "echo": echoes,
        "tells of our inside": bool(OURS.search(answer.text)),
    }
    return [name for name, found in wrong.items() if found]


def _children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return [int(child) for child in found]


def _ticks(process: int) -> int:
    after_name = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return sum(int(number) for number in after_name[11:15])
