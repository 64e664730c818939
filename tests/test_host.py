"""How busy the host is: counted from files that the tests make up."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.measure import host
from helpers.measure.host import HostMeter, HostUse, host_use

linux = pytest.mark.skipif(sys.platform != "linux", reason="counts from /proc")


class Clock:
    """A machine of 100 ticks a second whose files and clock the test sets."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.now = 1000.0
        monkeypatch.setattr(host, "_STAT", folder / "stat")
        monkeypatch.setattr(host, "_PROCESSES", folder)
        monkeypatch.setattr(os, "sysconf", lambda name: 100, raising=False)
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        self.cores(0, 0)
        self.process(os.getpid(), 1, 0)

    def cores(self, busy: int, idle: int, steal: int = 0) -> None:
        text = f"cpu  {busy} 0 0 {idle} 0 0 0 {steal} 0 0\ncpu0 1 2 3\n"
        (self.folder / "stat").write_text(text)

    def process(self, pid: int, parent: int, ticks: int, name: str = "a (b) c") -> None:
        (self.folder / str(pid)).mkdir(exist_ok=True)
        fields = ["S", parent, *[0] * 9, ticks, 0, 0, 0, 0]
        (self.folder / str(pid) / "stat").write_text(f"{pid} ({name}) {' '.join(map(str, fields))}")


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(tmp_path, monkeypatch)


def test_what_the_family_does_not_use_others_use(clock: Clock) -> None:
    clock.process(71_001, os.getpid(), 0)
    meter = HostMeter()
    clock.now += 2.0
    clock.cores(busy=300, idle=100)
    clock.process(os.getpid(), 1, 50)
    clock.process(71_001, os.getpid(), 30)
    clock.process(71_002, 71_001, 20)  # a grandchild
    clock.process(71_003, 1, 999)  # a stranger
    assert meter.use() == HostUse(2.0, 1.0)


def test_time_stolen_by_the_host_of_a_virtual_machine_counts(clock: Clock) -> None:
    meter = HostMeter()
    clock.now += 1.0
    clock.cores(busy=0, idle=100, steal=100)
    assert meter.use().others == pytest.approx(1.0)


def test_rounding_never_makes_others_negative(clock: Clock) -> None:
    meter = HostMeter()
    clock.now += 1.0
    clock.cores(busy=10, idle=90)
    clock.process(os.getpid(), 1, 11)
    assert meter.use().others == 0.0


def test_ticks_tell_nothing_about_a_short_moment(clock: Clock) -> None:
    meter = HostMeter()
    clock.now += 0.05
    clock.cores(busy=5, idle=0)
    assert meter.use().others is None
    clock.now += 0.2
    clock.cores(busy=25, idle=0)
    assert meter.use().others == pytest.approx(1.0)


def test_a_file_in_which_nothing_moves_is_not_a_quiet_machine(clock: Clock) -> None:
    meter = HostMeter()
    clock.now += 1.0
    assert meter.use().others is None


@pytest.mark.parametrize("text", ["", "cpu 1 2 3\n", "cpu a b c d e f g h\n"])
def test_a_file_of_another_form_is_no_count(text: str, clock: Clock) -> None:
    (clock.folder / "stat").write_text(text)
    assert host._core_seconds() is None


@pytest.mark.parametrize(("load", "others"), [(3.5, 2.5), (0.2, 0.0)])
def test_without_proc_the_load_average_tells(
    load: float, others: float, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clock.folder / "stat").unlink()
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0), raising=False)
    assert HostMeter().use().others == pytest.approx(others)


def test_windows_can_not_tell(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    (clock.folder / "stat").unlink()
    monkeypatch.delattr(os, "getloadavg", raising=False)
    assert HostMeter().use().others is None


def test_seconds_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"^seconds must be positive"):
        host_use(0)


@linux
def test_a_real_machine_gives_a_number() -> None:
    use = host_use()
    assert use.seconds >= host.SHORTEST_S
    assert use.others is not None
    assert use.others >= 0


@linux
def test_the_time_of_a_living_child_is_ours() -> None:
    before = host._our_seconds()
    code = "while True: pass"
    with subprocess.Popen([sys.executable, "-S", "-c", code]) as child:
        until = time.monotonic() + 30
        while host._our_seconds() - before < 0.05 and time.monotonic() < until:
            time.sleep(0.01)
        alive = host._our_seconds() - before
        child.kill()
    assert alive >= 0.05
    assert host._our_seconds() - before >= 0.05  # and remains so after its end
