"""Installs the packages that a file of this folder locks, and says how far it is.

`python requirements/install.py requirements/runtime.txt` installs them where that Python is.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PIP = ("-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", "--require-hashes", "-r")
FETCHED = ("Collecting", "Processing")
KNOWN = (*FETCHED, "Requirement already satisfied", "Ignoring")


def install(file: Path) -> int:
    """Install what `file` locks, one line for each package that was not there; pip's exit status."""
    packages = sum("==" in line.split(" ")[0] for line in file.read_text(encoding="utf-8").splitlines())
    done = 0
    with subprocess.Popen([sys.executable, *PIP, str(file)], stdout=subprocess.PIPE, text=True) as pip:  # noqa: S603
        for line in pip.stdout or ():
            done += line.startswith(KNOWN)
            if line.startswith(FETCHED):
                print(f"  {done} of {packages}: {Path(line.split()[1]).name}", flush=True)
            elif line.startswith("Installing"):
                print("  all are here; writing them to the environment takes up to a minute", flush=True)
    return pip.returncode


if __name__ == "__main__":
    sys.exit(install(Path(sys.argv[1])))
