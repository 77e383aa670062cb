"""A queue server behind Sentinels: each new connection first asks them which server is the primary now.

    redis+sentinel://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]/NAME[/DATABASE][?OPTION=...]

NAME is the Sentinels' name for the primary. With `rediss+sentinel` everything goes over TLS. Options are those of
`redis://`, and `sentinel_username` and `sentinel_password` if the Sentinels have credentials of their own.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from redis import Redis
from redis.connection import parse_url
from redis.sentinel import Sentinel

from singlewindow.settings import take_apart

SCHEMES: Final = ("redis+sentinel", "rediss+sentinel")
PORT: Final = 26_379
FORM: Final = "redis+sentinel://HOST:26379,HOST:26379/NAME"


def primary_client(url: str, **timeouts: float) -> Redis:
    """A client of the server that is the primary when it connects; raises ValueError if the URL has another form."""
    address = take_apart(url)
    name, _, database = address.path.strip("/").partition("/")
    if not address.hosts or not name:
        raise ValueError(f"REDIS_URL names no Sentinel, or not the server's name. Write {FORM}")
    plain = f"redis://{address.credentials}@primary/{database}?{address.query}"
    options = parse_url(plain) | timeouts  # type: ignore[no-untyped-call]
    del options["host"]
    if address.scheme.startswith("rediss"):
        options["ssl"] = True
    own = {option: options.pop(f"sentinel_{option}", None) for option in ("username", "password")}
    shared = {option: value for option, value in options.items() if option.startswith(("ssl", "socket_"))}
    addresses = [_host_and_port(host) for host in address.hosts.split(",")]
    watching = Sentinel(addresses, sentinel_kwargs=own | shared, **options)  # type: ignore[no-untyped-call]
    client: Redis = watching.master_for(name)  # type: ignore[no-untyped-call]
    return client


def _host_and_port(host: str) -> tuple[str, int]:
    parts = urlsplit(f"//{host}")
    return parts.hostname or "", parts.port or PORT
