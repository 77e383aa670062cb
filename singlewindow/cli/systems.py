"""The systems that the product runs on: Linux; on macOS the commands that run no service; no others."""

from __future__ import annotations

from collections.abc import Sequence

SERVICE = frozenset({"demo", "dispatch", "up", "web", "worker"})
"""The commands that run a service. It limits the memory of those that read for it by what Linux tells of a process."""


def unsupported(system: str, arguments: Sequence[str]) -> str | None:
    """Why a command cannot be run on a system (as `sys.platform` names it), and what to do; None where it can."""
    if system == "linux":
        return None
    if system != "darwin":
        return f"This system ({system}) is not supported. Use Linux: a virtual machine or a container will do"
    command = next(iter(arguments), "")
    if command in SERVICE:
        return f"`{command}` needs Linux, as does all that runs the service. On macOS run it in a container"
    return None
