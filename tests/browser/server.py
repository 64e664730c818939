"""One JupyterLab, set as the course sets it, on copies of the notebooks."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.browser.family import Family
from tools.launch import Place, environment

ROOT = Path(__file__).resolve().parents[2]
_START_S = 120.0
_END_S = 20.0


@dataclass
class Server:
    """A running JupyterLab. folder: where it is rooted; its notebooks are in ``notebooks``.

    Passing files of its kernels go to a folder of their own, so that none is overlooked.
    """

    folder: Path
    port: int = field(default_factory=lambda: free_port())
    token: str = field(default_factory=secrets.token_hex)

    def family(self, notebook: str) -> Family:
        """All that this notebook's kernel starts."""
        return Family(self.folder / "notebooks" / notebook, self._temporary)

    @property
    def _temporary(self) -> Path:
        return self.folder / "tmp"

    def start(self) -> Server:
        """Start it and wait until it answers. Raises RuntimeError with its log if it doesn't."""
        self._temporary.mkdir()
        shutil.copytree(ROOT / "notebooks", self.folder / "notebooks", dirs_exist_ok=True)
        self._log = self.folder / "jupyterlab.log"
        with self._log.open("w") as log:
            self._process = psutil.Popen(
                [sys.executable, "-m", "jupyterlab", *self._options()],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.end()
                raise RuntimeError(f"JupyterLab didn't start:\n{self._log.read_text()}")
            time.sleep(0.1)
        return self

    def _options(self) -> list[str]:
        return [
            "--no-browser",
            "--ip=127.0.0.1",
            f"--port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.folder}",
            f"--IdentityProvider.token={self.token}",
            "--allow-root",
            # Gives the page `jupyterapp`, through which the tests give commands.
            "--LabApp.expose_app_in_browser=True",
        ]

    def _environment(self) -> dict[str, str]:
        """What ``course.py lab`` sets, and folders of its own for all that Jupyter remembers."""
        variables = environment(Place(ROOT))
        for name in ("CONFIG_DIR", "RUNTIME_DIR", "DATA_DIR"):
            variables[f"JUPYTER_{name}"] = str(self.folder / "jupyter" / name)
        for name in ("SETTINGS_DIR", "WORKSPACES_DIR"):
            variables[f"JUPYTERLAB_{name}"] = str(self.folder / "jupyter" / name)
        for name in ("TMPDIR", "TEMP", "TMP"):
            variables[name] = str(self._temporary)
        # A learner's mode: the tests of the notebooks themselves hold the claims to account.
        for name in ("COURSE_CLAIMS", "COURSE_CLAIMS_LEDGER"):
            variables.pop(name, None)
        return variables

    def _answers(self) -> bool:
        try:
            self.ask("GET", "status")
        except OSError:  # URLError is one
            return False
        return True

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call JupyterLab's REST API and return what it answers, or None."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def url(self, notebook: str) -> str:
        """The page of a notebook, in a workspace of its own: nothing is remembered."""
        workspace = f"auto-{secrets.token_hex(4)}"
        return (
            f"http://127.0.0.1:{self.port}/lab/workspaces/{workspace}"
            f"/tree/notebooks/{notebook}?token={self.token}"
        )

    def end(self) -> list[psutil.Process]:
        """End the server and its kernels; return the processes that had to be killed."""
        family = [self._process, *self._children()]
        try:
            self.ask("POST", "shutdown")
        except OSError:
            self._process.terminate()
        left: list[psutil.Process]
        _, left = psutil.wait_procs(family, timeout=_END_S)
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=_END_S)
        return left

    def _children(self) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            found += self._process.children(recursive=True)
        return found


def free_port() -> int:
    """A port that nobody listens on now. Another program may take it, though: then start fails."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
