"""Memory is shared by threads and by nobody else; who dies takes its process along."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading

import pytest

from helpers.workers import sharing

methods = pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())


def test_a_thread_appends_to_the_callers_list() -> None:
    words = ["here"]
    thread = threading.Thread(target=sharing.append, args=(words, "there"))
    thread.start()
    thread.join()
    assert words == ["here", "there"]


@methods
def test_a_process_appends_to_its_own_list(method: str) -> None:
    words = ["here"]
    with multiprocessing.get_context(method).Pool(1) as pool:
        theirs = pool.apply_async(sharing.append, (words, "there")).get(30)
        who = pool.apply_async(sharing.identity).get(30)
    assert theirs == ["here", "there"]
    assert words == ["here"]
    assert who["process id"] != os.getpid()


@methods
@pytest.mark.parametrize("worker", [sharing.die, sharing.die_in_a_thread])
def test_dying_ends_the_process_by_the_signal(method: str, worker: object) -> None:
    process = multiprocessing.get_context(method).Process(target=worker)  # type: ignore[attr-defined]
    process.start()
    process.join(30)
    assert process.exitcode == (-sharing.DEADLY if os.name == "posix" else sharing.DEADLY)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to threads")
def test_the_signal_goes_to_the_thread_and_not_to_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(
        signal, "pthread_kill", lambda thread, number: sent.append((thread, number))
    )
    monkeypatch.setattr(sharing, "die", lambda: pytest.fail("sent to the process"))
    sharing.die_in_a_thread()
    [(thread, number)] = sent
    assert number == sharing.DEADLY
    assert thread != threading.get_ident()
