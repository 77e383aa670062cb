"""The service's settings: one typed object, read once from the environment (and `NAME_FILE` for secrets)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from singlewindow.shipped import CONFIG
from singlewindow.text_files import read_text

SECRETS = ("database_url", "redis_url", "sw_token_key", "sw_audit_key", "sw_simulator_database_url")
# Placeholders for secrets in manuals and examples, in lower case and without punctuation.
EXAMPLES = frozenset({"admin", "default", "demo", "insecure", "letmein", "password", "postgres", "redis", "root",
                      "secret", "singlewindow", "test"})  # fmt: skip
EXAMPLE_WORDS = ("changeme", "replaceme", "example", "yourpassword", "yoursecret", "placeholder")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting, its unit and its reason; the environment variable is the name in capitals."""

    sw_data: str = "data"
    """Folder of the embedded database and queue server."""
    database_url: str = ""
    """Where the record is: postgresql+psycopg://... or sqlite:///FILE; singlewindow.db in `sw_data` if not set."""
    redis_url: str = ""
    """The queue server that wakes workers: redis://, rediss://, unix://, or behind Sentinels (see
    `workers/sentinel.py`); if not set, `up` starts its own."""
    sw_token_key: str = ""
    """Private P-256 keys in PEM that sign tokens: the first signs, all are trusted; no tokens if not set."""
    sw_config: str = str(CONFIG)
    """Folder with agencies/, countries/ and thresholds.toml."""
    sw_country: str = "GB"
    """The home country (ISO 3166): its rules apply if a message names no country; amounts are in its currency."""
    sw_customs: str = "customs"
    """The agency that is customs; nothing is released unless it has assessed every goods item."""
    sw_serves: str = ""
    """Other countries whose declarations are accepted, separated by commas or spaces; all others are refused."""
    sw_item_limit: int = 999
    """The largest number of goods items in one declaration; at most 9,999."""
    sw_body_limit: int = 4_000_000
    """The largest size of one declaration in bytes; set 40,000,000 to allow 9,999 items."""
    sw_reading_memory: int = 512_000_000
    """Memory in bytes for reading one declaration above 256 kB; set 2,000,000,000 to allow 9,999 items."""
    sw_batch_size: int = 100
    """Most questions in one batch: enough to share a transaction, few enough to end within the lease."""
    sw_batches_open: int = 4
    """Most batches of one agency under way: further questions make the next batch larger, not the queue longer."""
    sw_remote_batches_open: int = 1
    """The same for an agency that is asked over HTTP: each of its batches may hold a worker for a whole time limit."""
    sw_gather_seconds: float = 0.08
    """Seconds for which the dispatcher lets questions gather after it has made batches that were not full."""
    sw_lease_seconds: float = 6.0
    """Seconds without a sign of life after which a batch's questions are asked again."""
    sw_attempts: int = 3
    """How often one question is asked before it is parked until its deadline."""
    sw_poll_seconds: float = 0.02
    """Seconds that the dispatcher pauses after it found no questions, or more than it could take."""
    sw_waiters: int = 8
    """How many callers of one web process may wait for a decision at once; others are answered immediately."""
    sw_rate: float = 1000.0
    """Requests a second of one client to one web process, and twice as many at once; 0 is no limit."""
    sw_wrong_keys: float = 0.5
    """Wrong keys a second from one address to one web process, and forty times as many at once; 0 is no limit."""
    sw_open_limit: int = 100_000
    """Most undecided declarations of one party; beyond that it must lodge later; 0 is no limit."""
    sw_simulator_database_url: str = ""
    """Where the simulator's record is, never that of DATABASE_URL: simulator.db in `sw_data` if the record is there
    too; no simulator if not set."""
    sw_sandbox: bool = False
    """Whether agencies may be sandboxes, whose outcome the trader's reference chooses; for rehearsals only."""
    sw_audit_key: str = ""
    """Private key (PEM) that signs checkpoints of the audit trail, best given as a file; no checkpoints if not set."""
    sw_checkpoint_seconds: float = 600.0
    """Seconds after a checkpoint at which the dispatchers make the next one; events in between are not proven yet."""
    sw_oldest_report_days: float = 30.0
    """Days after which a report of arrival or of another milestone comes too late to be believed."""
    sw_documents: str = ""
    """Where supporting documents are kept: a folder, which all web processes share, or s3://BUCKET/PREFIX;
    `documents` in `sw_data` if not set."""
    sw_document_largest: int = 10_000_000
    """The largest size of one document in bytes."""
    sw_documents_most: int = 200
    """Most documents that a party, or the officers of one agency, may give about one declaration."""
    sw_documents_bytes: int = 200_000_000
    """As many bytes together; the document that goes beyond is the last."""
    sw_documents_at_once: int = 8
    """How many documents one web process receives at once: fewer than `sw_threads`, so that lodging goes on."""
    sw_scanner: str = ""
    """What looks for viruses: a command that gets a file's path and ends with 0 or 1, or icap://HOST:PORT/SERVICE."""
    sw_scanner_seconds: float = 30.0
    """Seconds after which a document counts as not scanned."""
    sw_receiver_ports: str = "443"
    """Ports that subscriptions may name, separated by commas."""
    sw_private_receivers: str = ""
    """Hosts of the operator's own network that subscriptions may name, each with its port: `hooks.internal:8443`."""
    sw_threads: int = 32
    """Threads of one web process; more than `sw_waiters`, so that waiting callers never block a declaration."""
    sw_processor: int = 0
    """The processor that a web process stays on, counted from 1 and round again; 0 leaves it to the kernel."""

    @property
    def record_urls(self) -> list[str]:
        """The databases of this installation: the record, and the simulator's if there is one."""
        return [url for url in (self.database_url, self.sw_simulator_database_url) if url]

    @property
    def other_countries(self) -> tuple[str, ...]:
        """The countries of `sw_serves`."""
        return tuple(self.sw_serves.replace(",", " ").split())

    def __repr__(self) -> str:
        """The settings without secrets, so that no message ever shows one."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in SECRETS)
        return f"Settings({', '.join(shown)})"


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment; raises ValueError naming the variable that is wrong."""
    given = {name: value for name in Settings.__struct_fields__ if (value := value_of(name.upper(), environment))}
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:  # "Expected `int`, got `str` - at `$.sw_threads`"
        expected, _, place = str(error).partition(" - at ")
        raise ValueError(f"{place.strip('`$.').upper()} has a wrong value: {expected}") from error
    if not Path(settings.sw_config).is_dir():
        advice = "Name a folder that `singlewindow config init FOLDER` has made"
        raise ValueError(f"SW_CONFIG names {settings.sw_config}, which is not a folder. {advice}")
    if settings.database_url and settings.database_url == settings.sw_simulator_database_url:
        raise ValueError("SW_SIMULATOR_DATABASE_URL names the record of DATABASE_URL. Give the simulator its own")
    for name in ("database_url", "redis_url", "sw_simulator_database_url"):
        refuse_example(name.upper(), _password_of(getattr(settings, name)))
    return settings if settings.database_url else with_embedded_record(settings)


def refuse_example(name: str, secret: str) -> None:
    """Raises ValueError if a secret is one that everybody knows from an example."""
    plain = "".join(character for character in secret.lower() if character.isalnum())
    if plain in EXAMPLES or any(word in plain for word in EXAMPLE_WORDS):
        raise ValueError(f"{name} holds a secret from an example, which everybody knows. Use a random one")


def _password_of(url: str) -> str:
    return unquote(take_apart(url).credentials.partition(":")[2])


def secret_of(name: str) -> str | None:
    """A secret from the environment or its file; raises ValueError for one from an example."""
    secret = value_of(name)
    refuse_example(name, secret or "")
    return secret


def with_embedded_record(settings: Settings) -> Settings:
    """The same settings with the record in SQLite, in the data folder, and the simulator's beside it."""
    folder = Path(settings.sw_data).absolute()
    simulator = settings.sw_simulator_database_url or f"sqlite:///{folder / 'simulator.db'}"
    return msgspec.structs.replace(
        settings, database_url=f"sqlite:///{folder / 'singlewindow.db'}", sw_simulator_database_url=simulator
    )


def value_of(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """A variable of the environment, or the content of the file that `NAME_FILE` names; None if neither is set."""
    path = environment.get(f"{name}_FILE")
    return read_text(Path(path), f"The file that {name}_FILE names").strip() if path else environment.get(name)


class Address(NamedTuple):
    """The parts of a server's address as written, not decoded; a missing part is empty."""

    scheme: str
    credentials: str
    hosts: str
    path: str
    query: str


def take_apart(url: str) -> Address:
    """The parts of SCHEME://[CREDENTIALS@]HOST[,HOST...]/PATH[?QUERY]; other texts are split without an error.

    Not with `urllib.parse.urlsplit`: some versions of Python reject several hosts if a later one is [IPv6].
    """
    scheme, _, rest = url.partition("#")[0].partition("://")
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    credentials, _, hosts = authority.rpartition("@")
    return Address(scheme.lower(), credentials, hosts, path, query)
