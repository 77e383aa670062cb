"""Sends one message to a receiver, once; whatever the receiver does, it ends within ten seconds.

The host's name is resolved here, every address is checked, and the connection goes to a checked address, with the
host's own name in TLS and HTTP: what a name leads to a moment later does not matter. No redirect and no proxy is
followed. Of an answer only the status counts; its body is read to check a challenge alone.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import httpx

from adapters.remote import COME_BACK, pause_of
from singlewindow.deliveries.receivers import Allowed, NotCallable, Receiver, callable_addresses, read_url, url_of

CONNECT_SECONDS: Final = 3.0
TOTAL_SECONDS: Final = 10.0
LARGEST_ANSWER: Final = 65_536
MOST_ADDRESSES: Final = 3
_RESOLVERS: Final = 64
_CHUNK: Final = 16_384

Resolve = Callable[[str, int], list[str]]


class Attempted(NamedTuple):
    """How an attempt ended: without a `problem` the receiver has accepted the message.

    `pause` are the seconds that the receiver asked us to wait, `content` the body if it was asked for.
    """

    milliseconds: int
    status: int | None = None
    problem: str = ""
    pause: float | None = None
    content: bytes = b""


class _Response(NamedTuple):
    status: int
    retry_after: str | None
    content: bytes


class Sender:
    """Sends for one process; `tls` decides whose certificates are trusted, `resolve` what names lead to."""

    def __init__(self, allowed: Allowed, tls: ssl.SSLContext | None = None, resolve: Resolve | None = None) -> None:
        # The host's own trust store, so that a national certificate authority is trusted if the host trusts it.
        self._allowed, self._tls = allowed, tls or ssl.create_default_context()
        self._resolve = resolve or resolved
        # Of its own: a name server that does not answer holds these threads, and no others.
        self._resolvers = ThreadPoolExecutor(_RESOLVERS, "resolver")

    async def send(self, url: str, content: bytes, headers: Mapping[str, str], *, read: bool = False) -> Attempted:
        """One attempt; it raises nothing that a receiver could cause. With `read` it keeps the body of the answer."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                response = await self._post(url, content, headers, read)
        except Exception as error:  # noqa: BLE001 - a hostile receiver may cause any error in the libraries below
            return Attempted(_since(began), problem=problem_of(error))
        asked = pause_of(response.retry_after) if response.status in COME_BACK else None
        return Attempted(_since(began), response.status, refusal_of(response.status), asked, response.content)

    async def _post(self, url: str, content: bytes, headers: Mapping[str, str], read: bool) -> _Response:
        receiver = read_url(url, self._allowed)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._resolvers, self._resolve, receiver.host, receiver.port)
        failure: httpx.TransportError | None = None
        for address in callable_addresses(receiver, found)[:MOST_ADDRESSES]:
            try:
                return await self._post_to(receiver, address, content, headers, read)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure or NotCallable("The host's name has no address, or one that is not public")

    async def _post_to(
        self, receiver: Receiver, address: str, content: bytes, headers: Mapping[str, str], read: bool
    ) -> _Response:
        own = {"Host": receiver.authority, "Content-Type": "application/json", "Accept-Encoding": "identity",
               "User-Agent": "singlewindow", **headers}  # fmt: skip
        async with (
            httpx.AsyncClient(
                verify=self._tls, trust_env=False, follow_redirects=False,
                timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            ) as client,
            client.stream("POST", url_of(receiver, address), content=content, headers=own,
                          extensions={"sni_hostname": receiver.host}) as response,
        ):  # fmt: skip
            body = await _bounded_body(response) if read else b""
            return _Response(response.status_code, response.headers.get("Retry-After"), body)


def resolved(host: str, port: int) -> list[str]:
    """All addresses of a name; none if it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(address[0]) for *_, address in found]


async def _bounded_body(response: httpx.Response) -> bytes:
    """The start of the body as it was sent, without unpacking it."""
    content = bytearray()
    async for chunk in response.aiter_raw(_CHUNK):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            break
    return bytes(content[:LARGEST_ANSWER])


def refusal_of(status: int) -> str:
    """What a status says in words if the message was not accepted, "" if it was."""
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"The receiver answered {status}. Redirects are not followed: correct the URL"
    return f"The receiver answered {status}"


def problem_of(error: Exception) -> str:
    """Why there was no answer, in words that give away nothing of our network."""
    if isinstance(error, NotCallable):
        return str(error)
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return f"The receiver did not answer within {TOTAL_SECONDS:.0f} seconds, or did not let itself be connected"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "The receiver's certificate is not trusted, has expired, or is another host's"
    return "The receiver could not be reached, or broke off"


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1_000)
