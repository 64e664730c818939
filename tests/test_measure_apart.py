"""A coroutine in a loop of its own, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading

import pytest

from helpers.measure.apart import run_apart
from helpers.measure.elsewhere import Stopped


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def fail() -> None:
    raise LookupError("not here")


@pytest.mark.parametrize("stop", [None, threading.Event()])
def test_it_returns_what_the_coroutine_returns(stop: threading.Event | None) -> None:
    assert run_apart(double, 21, stop=stop) == 42


def test_it_runs_while_another_loop_runs_in_this_thread() -> None:
    async def main() -> int:
        return run_apart(double, 4)

    assert asyncio.run(main()) == 8


@pytest.mark.parametrize("stop", [None, threading.Event()])
def test_it_raises_what_the_coroutine_raises(stop: threading.Event | None) -> None:
    with pytest.raises(LookupError, match="not here"):
        run_apart(fail, stop=stop)


def test_stop_cancels_it_and_nothing_is_left() -> None:
    before, cancelled = threading.active_count(), []

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(Stopped):
        run_apart(long, stop=stop)
    assert cancelled == [True]
    assert threading.active_count() <= before + 1  # the timer may be just ending
