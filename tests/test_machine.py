"""How many cores a process may use, whoever sets the limit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.course.machine import card_of
from helpers.measure import machine as module
from helpers.measure.machine import Machine, machine, usable_cores


class Box:
    """A machine of 8 cores with a cgroup file system in a folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.patch = monkeypatch
        monkeypatch.setattr(module, "_CGROUP", folder / "cgroup")
        monkeypatch.setattr(module, "_OWN_CGROUP", folder / "self")
        monkeypatch.setattr(module, "_installed_cores", lambda: 8)
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
        monkeypatch.delenv("PYTHON_CPU_COUNT", raising=False)

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


def test_without_limits_all_cores(box: Box) -> None:
    assert usable_cores() == (8, "all that the machine has")


def test_affinity(box: Box) -> None:
    box.patch.setattr(os, "sched_getaffinity", lambda pid: {3, 5})
    assert usable_cores() == (2, "pinned by CPU affinity")


def test_a_system_without_affinity(box: Box) -> None:
    box.patch.delattr(os, "sched_getaffinity")
    assert usable_cores() == (8, "all that the machine has")


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("150000 100000", 2), ("50000 100000", 1), ("300000 100000", 3), ("max 100000", 8)],
)
def test_a_quota_of_version_2_is_rounded_up(quota: str, cores: int, box: Box) -> None:
    box.write("self", "0::/mine/inner\n")
    box.write("cgroup/mine/inner/cpu.max", quota)
    assert usable_cores()[0] == cores


def test_the_smallest_quota_up_the_tree_counts(box: Box) -> None:
    box.write("self", "0::/mine/inner\n")
    box.write("cgroup/mine/inner/cpu.max", "max 100000")
    box.write("cgroup/mine/cpu.max", "200000 100000")
    box.write("cgroup/cpu.max", "400000 100000")
    assert usable_cores() == (2, "cgroup quota of 2 cores")


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
def test_a_quota_of_version_1(mount: str, box: Box) -> None:
    box.write("self", "4:memory:/other\n3:cpu,cpuacct:/mine\n0::/\n")
    box.write(f"cgroup/{mount}/mine/cpu.cfs_quota_us", "250000")
    box.write(f"cgroup/{mount}/mine/cpu.cfs_period_us", "100000")
    assert usable_cores() == (3, "cgroup quota of 2.5 cores")


def test_no_quota_of_version_1_is_minus_one(box: Box) -> None:
    box.write("self", "3:cpu:/\n")
    box.write("cgroup/cpu/cpu.cfs_quota_us", "-1")
    box.write("cgroup/cpu/cpu.cfs_period_us", "100000")
    assert usable_cores()[0] == 8


def test_a_container_that_hides_its_own_group_still_shows_the_root(box: Box) -> None:
    box.write("self", "0::/of/the/host\n")
    box.write("cgroup/cpu.max", "100000 100000")
    assert usable_cores() == (1, "cgroup quota of 1 cores")


@pytest.mark.parametrize(("wish", "cores"), [("1", 1), ("99", 8), ("0", 8), ("default", 8)])
def test_the_readers_wish(wish: str, cores: int, box: Box) -> None:
    box.patch.setenv("PYTHON_CPU_COUNT", wish)
    assert usable_cores()[0] == cores
    assert (usable_cores()[1] == "PYTHON_CPU_COUNT") is (cores == 1)


def test_the_cores_of_the_machine_are_counted_whatever_the_reader_wishes() -> None:
    """Since 3.13 ``os.cpu_count()`` repeats the wish."""
    code = "from helpers.measure.machine import *; m = machine(); print(m.cores_installed, m.cores)"
    asked = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHON_CPU_COUNT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.split() == [str(module._installed_cores()), "1"]


def test_this_machine() -> None:
    found = machine()
    assert found.version == sys.version_info[:3]
    assert found.python == ".".join(map(str, found.version))
    assert 1 <= found.cores <= found.cores_installed
    assert found.start_method in ("fork", "spawn", "forkserver")
    assert found.gil or found.free_threaded


def made(**changes: object) -> Machine:
    facts: dict[str, object] = {
        "version": (3, 14, 1),
        "implementation": "CPython",
        "free_threaded": True,
        "gil": False,
        "system": "Darwin arm64",
        "cores_installed": 10,
        "cores": 4,
        "cores_limit": "pinned by CPU affinity",
        "start_method": "spawn",
        "others": 0.5,
    }
    return Machine(**(facts | changes))  # type: ignore[arg-type]


def test_the_card_says_what_was_found() -> None:
    rows = dict(card_of(made()).rows)
    assert rows["Python"] == "CPython 3.14.1, built free-threaded"
    assert rows["GIL now"] == "off"
    assert rows["Cores this process may use"] == "4 of 10 (pinned by CPU affinity)"
    assert dict(card_of(made(gil=True, free_threaded=False)).rows)["GIL now"] == "on"


@pytest.mark.parametrize(
    ("others", "word"),
    [(None, "doesn't tell"), (0.5, "quiet (0.5 of 10"), (3.0, "some (3.0"), (9.0, "busy: timings")],
)
def test_the_card_says_how_busy_the_host_is(others: float | None, word: str) -> None:
    assert word in dict(card_of(made(others=others)).rows)["Other work on the machine just now"]
