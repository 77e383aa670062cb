"""The supported systems: Linux; on macOS only the commands that do not run the service."""

from __future__ import annotations

from collections.abc import Sequence

SERVICE = frozenset({"demo", "dispatch", "up", "web", "worker"})
"""The commands that run the service. It limits the memory of its readers with figures that only Linux gives."""


def unsupported_reason(system: str, arguments: Sequence[str]) -> str | None:
    """Why a command cannot run on a system (as `sys.platform` names it), and what to do; None if it can."""
    if system == "linux":
        return None
    if system != "darwin":
        return f"This system ({system}) is not supported. Use Linux, for example in a virtual machine or a container"
    command = next(iter(arguments), "")
    if command in SERVICE:
        return f"`{command}` runs the service, and the service needs Linux. On macOS, run it in a container"
    return None
