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

SECRETS = ("database_url", "redis_url", "sw_token_key", "sw_audit_key")
# What manuals and examples put where a secret belongs, without case and punctuation.
EXAMPLES = frozenset({"admin", "default", "demo", "insecure", "letmein", "password", "postgres", "redis", "root",
                      "secret", "singlewindow", "test"})  # fmt: skip
EXAMPLE_WORDS = ("changeme", "replaceme", "example", "yourpassword", "yoursecret", "placeholder")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting, its unit and its reason; the environment variable is the name in capitals."""

    sw_data: str = "data"
    """Folder of the embedded database and queue server."""
    database_url: str = ""
    """Where the record is: postgresql+psycopg://... or sqlite:///FILE; singlewindow.db in `sw_data` where not set."""
    redis_url: str = ""
    """The queue server that wakes workers: redis://, rediss://, unix://, or behind Sentinels as `workers/sentinel.py`
    says; `up` starts its own where not set."""
    sw_token_key: str = ""
    """Private P-256 keys in PEM that sign tokens: the first signs, all are believed; no tokens where not set."""
    sw_config: str = str(CONFIG)
    """Folder with agencies/, countries/ and thresholds.toml."""
    sw_country: str = "GB"
    """The country whose window this is (ISO 3166): its rules judge what names no country, its currency counts."""
    sw_customs: str = "customs"
    """The agency that is customs: nothing is released unless it has assessed every goods item."""
    sw_serves: str = ""
    """Other countries whose declarations are taken, apart by commas or blanks; what names yet another is refused."""
    sw_item_limit: int = 999
    """Most goods items in one declaration; up to 9,999."""
    sw_body_limit: int = 4_000_000
    """Most bytes of one declaration; 40,000,000 where 9,999 items are allowed."""
    sw_reading_memory: int = 512_000_000
    """Bytes of memory that reading one declaration above 256 kB may take; 2,000,000,000 for 9,999 items."""
    sw_batch_size: int = 100
    """Most questions to one agency in one batch: enough to share a transaction, few enough to end within the lease."""
    sw_batches_open: int = 4
    """Most batches of one agency under way: what waits beyond them grows the next batch instead of the queue."""
    sw_remote_batches_open: int = 1
    """The same for an agency that is asked over HTTP: each of its batches may hold a worker for a whole time limit."""
    sw_gather_seconds: float = 0.08
    """How long the dispatcher lets questions gather after it has made batches that were not full."""
    sw_lease_seconds: float = 6.0
    """How long a batch may go without a sign of life before its questions are asked again."""
    sw_attempts: int = 3
    """How often one question is asked before it is parked until its deadline."""
    sw_poll_seconds: float = 0.02
    """Pause of the dispatcher after a look that found nothing, or more than it could take."""
    sw_waiters: int = 8
    """How many callers of one web process may wait for a decision at once; the rest are answered at once."""
    sw_rate: float = 1000.0
    """Requests a second of one client to one web process, and twice as many at once; 0 is no limit."""
    sw_wrong_keys: float = 0.5
    """Wrong keys a second from one address to one web process, and forty times as many at once; 0 is no limit."""
    sw_open_limit: int = 100_000
    """Undecided declarations of one party, beyond which it is asked to come back later; 0 is no limit."""
    sw_sandbox: bool = False
    """Whether agencies may be sandboxes, whose outcome the trader's reference chooses: for rehearsal only."""
    sw_audit_key: str = ""
    """Private key (PEM) that signs checkpoints of the audit trail; give it as a file. No checkpoints where not set."""
    sw_checkpoint_seconds: float = 600.0
    """How long after a checkpoint the dispatchers make the next one: what happened since is not proven yet."""
    sw_threads: int = 32
    """Threads of one web process; more than `sw_waiters`, so that waiting never keeps a declaration out."""
    sw_processor: int = 0
    """The processor that a web process stays on, numbered from 1 and round again; 0 leaves it to the kernel."""

    @property
    def other_countries(self) -> tuple[str, ...]:
        """The countries of `sw_serves`."""
        return tuple(self.sw_serves.replace(",", " ").split())

    def __repr__(self) -> str:
        """The settings without those that hold secrets, so that no message ever shows one."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in SECRETS)
        return f"Settings({', '.join(shown)})"


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment; raises ValueError naming the variable that does not fit."""
    given = {name: value for name in Settings.__struct_fields__ if (value := value_of(name.upper(), environment))}
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:  # "Expected `int`, got `str` - at `$.sw_threads`"
        expected, _, place = str(error).partition(" - at ")
        raise ValueError(f"{place.strip('`$.').upper()} does not fit: {expected}") from error
    for name in ("database_url", "redis_url"):
        refuse_example(name.upper(), _password(getattr(settings, name)))
    return settings if settings.database_url else embedded(settings)


def refuse_example(name: str, secret: str) -> None:
    """Raises ValueError where what stands in the place of a secret is one that everybody knows from an example."""
    plain = "".join(character for character in secret.lower() if character.isalnum())
    if plain in EXAMPLES or any(word in plain for word in EXAMPLE_WORDS):
        raise ValueError(f"{name} holds a secret from an example, which everybody knows: choose one by chance")


def _password(url: str) -> str:
    return unquote(take_apart(url).credentials.partition(":")[2])


def secret_of(name: str) -> str | None:
    """A secret from the environment or its file; raises ValueError for one from an example."""
    secret = value_of(name)
    refuse_example(name, secret or "")
    return secret


def embedded(settings: Settings) -> Settings:
    """The same settings with the record in SQLite, in the data folder."""
    path = Path(settings.sw_data).absolute() / "singlewindow.db"
    return msgspec.structs.replace(settings, database_url=f"sqlite:///{path}")


def value_of(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """A variable of the environment, or what the file holds that `NAME_FILE` names; None where there is neither."""
    path = environment.get(f"{name}_FILE")
    return read_text(Path(path), f"The file that {name}_FILE names").strip() if path else environment.get(name)


class Address(NamedTuple):
    """A server's address taken apart: the parts as written, nothing of them decoded; empty where they are not there."""

    scheme: str
    credentials: str
    hosts: str
    path: str
    query: str


def take_apart(url: str) -> Address:
    """The parts of SCHEME://[CREDENTIALS@]HOST[,HOST...]/PATH[?QUERY]; whatever else a text is comes out as parts, too.

    Not by `urllib.parse.urlsplit`: some versions of Python take several hosts, of which a later one is [IPv6], for no
    URL.
    """
    scheme, _, rest = url.partition("#")[0].partition("://")
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    credentials, _, hosts = authority.rpartition("@")
    return Address(scheme.lower(), credentials, hosts, path, query)
