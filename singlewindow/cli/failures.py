"""An expected failure in one sentence for the person who typed the command: what is wrong, where, what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import httpx
from redis.exceptions import RedisError
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from singlewindow.risk.toml_source import ConfigError

_FROM_LIBRARIES = (httpx.HTTPError, httpx.InvalidURL, SQLAlchemyError, RedisError)
_NO_RIGHTS = "This user may not read or write {place}. Change the rights of {there}, or choose another place"
_OF_PLACES = {
    errno.EACCES: _NO_RIGHTS,
    errno.EPERM: _NO_RIGHTS,
    errno.EROFS: "{place} is on a disk that can only be read. Choose another place",
    errno.EEXIST: "{place} exists already, and nothing is overwritten. Choose another name",
    errno.ENOTDIR: "{place} cannot be used: a part of this path is a file, not a folder. Choose another path",
    errno.EISDIR: "{place} is a folder, not a file. Name a file",
    errno.ENOSPC: "The disk is full: {place} cannot be written. Free some space, then try again",
}
EXPECTED = (ValueError, RuntimeError, OSError, ConfigError, *_FROM_LIBRARIES)


def in_words(error: Exception) -> str:
    """The sentence for one of the `EXPECTED` failures; it never shows a password."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return f"This is not a valid service address ({error}). Use, for example, --url http://127.0.0.1:8080"
    if isinstance(error, httpx.HTTPError):
        return _without_answer(error)
    if isinstance(error, ArgumentError | NoSuchModuleError):
        return "DATABASE_URL is not a database address. Use postgresql+psycopg://... or sqlite:///FILE"
    if isinstance(error, SQLAlchemyError):
        reason = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
        return f"The database does not answer ({reason}). Check DATABASE_URL or --data, and run `singlewindow doctor`"
    if isinstance(error, RedisError):
        return f"The queue server does not answer ({error}). Check REDIS_URL, and that the server is running"
    return _about_place(error) if isinstance(error, OSError) else str(error)


def _about_place(error: OSError) -> str:
    """What the system refused, on which file or folder; a full disk is reported without one."""
    number = error.errno or 0
    if error.filename is None:
        return _OF_PLACES[number].format(place="the file") if number == errno.ENOSPC else str(error)
    place = Path(error.filename)
    if number == errno.ENOENT and place.absolute().parent.is_dir():
        return f"There is no {place}. Check the path"
    if number == errno.ENOENT:
        return f"There is no folder {place.parent}. Create it first"
    words = _OF_PLACES.get(number, f"{{place}} cannot be used: {error.strerror}")
    # Not Path.exists: it raises where this user may read nothing.
    there = next((each for each in (place, *place.parents) if os.path.exists(each)), place)  # noqa: PTH110
    return words.format(place=place, there=there)


def _without_answer(error: httpx.HTTPError) -> str:
    url = error.request.url
    what = "did not answer in time" if isinstance(error, httpx.TimeoutException) else f"does not answer ({error})"
    advice = (
        "Start it with `singlewindow up`, or give another address with --url. "
        "You can safely send again: nothing is stored twice"
    )
    return f"The service at {url.scheme}://{url.netloc.decode()} {what}. {advice}"
