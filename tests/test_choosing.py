"""The decision tree: every path walked, drawn, advised, and measured."""

from __future__ import annotations

import itertools
import threading
import time
from html import unescape
from multiprocessing import shared_memory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import choosing as draw
from helpers.labs.choosing import SHOW, advisor
from helpers.measure import choosing
from helpers.measure.apart import run_apart
from helpers.measure.choosing import ARTICLE_TREE, TREE, Advice, Path, Question, advise, paths
from helpers.measure.compare import Comparison
from helpers.measure.evidence import EVIDENCE, Evidence, evidence
from helpers.measure.executors import SEQUENTIAL, start
from helpers.measure.leftovers import belongings, left_since
from helpers.workers import choosing as workers
from helpers.workers.computing import compute

PATHS = paths()
every_path = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.nodes[-1])


@every_path
def test_the_answers_of_each_path_lead_to_its_advice(path: Path) -> None:
    assert advise(path.answers) == path
    assert path.advice.reason.endswith((".", ")"))
    assert path.advice.evidence in EVIDENCE


def test_every_node_is_reached_and_every_measurement_used() -> None:
    assert {node for path in PATHS for node in path.nodes} == set(TREE)
    assert {path.advice.evidence for path in PATHS} == set(EVIDENCE)
    assert len({path.nodes[-1] for path in PATHS}) == len(PATHS)


def test_a_topic_has_the_same_answers_wherever_it_is_asked_about() -> None:
    for topic, question in choosing.topics().items():
        for node in TREE.values():
            if isinstance(node, Question) and node.topic == topic:
                assert list(node.answers) == list(question.answers)
                assert (node.label, node.text) == (question.label, question.text)


def test_all_that_decides_is_asked_about() -> None:
    assert set(choosing.topics()) == {
        "work", "library", "many", "code", "machines", "GIL", "length", "data", "version",
    }  # fmt: skip


@given(
    st.fixed_dictionaries(
        {topic: st.sampled_from(list(q.answers)) for topic, q in choosing.topics().items()}
    )
)
def test_all_answers_together_lead_somewhere(answers: dict[str, str]) -> None:
    path = advise(answers)
    assert path in PATHS
    assert path.answers.items() <= answers.items()


def test_a_missing_or_unknown_answer_is_named() -> None:
    with pytest.raises(ValueError, match=r"^answers must say 'work'"):
        advise({})
    with pytest.raises(ValueError, match=r"^answers must say 'library'.*'maybe'"):
        advise({"work": "wait", "library": "maybe"})


def test_the_articles_tree_never_reaches_its_third_question() -> None:
    reached = {path.nodes[-1] for path in paths(ARTICLE_TREE)}
    ends = {key for key, node in ARTICLE_TREE.items() if isinstance(node, Advice)}
    assert ends - reached == {"loop and pool"}


@every_path
def test_each_path_is_drawn_bold(path: Path) -> None:
    picture = draw.tree(TREE, path)
    [axes] = picture.figure.axes
    bold = [text.get_text() for text in axes.texts if text.get_fontweight() == "bold"]
    assert len(bold) == len(path.nodes)
    assert bold[-1].endswith(path.advice.model)
    assert path.advice.model in picture.text


@pytest.mark.parametrize("tree", [TREE, ARTICLE_TREE])
def test_the_figure_has_a_row_for_each_node(tree: choosing.Tree) -> None:
    picture = draw.tree(tree)
    [axes] = picture.figure.axes
    assert len(axes.texts) == len(tree)
    assert picture.png.startswith(b"\x89PNG")
    advice = sum(isinstance(node, Advice) for node in tree.values())
    assert f"{len(tree) - advice} questions and {advice} recommendations" in picture.text
    lost = [text.get_text() for text in axes.texts if "no answer leads here" in text.get_text()]
    assert len(lost) == (tree is ARTICLE_TREE)


@every_path
def test_each_advice_is_measured(path: Path) -> None:
    before = belongings()
    done: list[float] = []
    found = evidence(path.advice, done.append)
    assert found.gain.middle > 0
    assert found.instead != found.advised
    assert done[-1] == 1.0
    assert not left_since(before, patience=10)


def test_an_advice_of_another_tree_has_no_evidence() -> None:
    with pytest.raises(KeyError):
        evidence(Advice("luck", "", "a coin"))


def made(busy: float = 0.0) -> Evidence:
    seconds = {SEQUENTIAL: (4e-3,) * 7, "threads": (2e-3,) * 7}
    return Evidence("Hashing", SEQUENTIAL, "threads", Comparison(seconds, {}, busy))


def test_the_advice_stands_in_the_sentence_with_its_measurement() -> None:
    path = advise({"work": "compute", "code": "in C code that releases the GIL"})
    picture = draw.advised(path, made())
    assert picture.text.startswith("Advice: threads. While the C code runs")
    assert "“sequential” takes 2.00 times as long as “threads”" in picture.text
    assert "Other programs" not in picture.text
    assert "Other programs kept 1.5 cores busy" in draw.advised(path, made(1.5)).text


# The workers.


def test_large_data_by_value_and_by_name() -> None:
    assert workers.ends_of(b"abc") == (97, 99)
    segment = shared_memory.SharedMemory(create=True, size=4096)
    try:
        assert segment.buf is not None
        segment.buf[0], segment.buf[segment.size - 1] = 7, 9
        with start("processes", 1) as pool:
            assert pool.submit(workers.ends_in, segment.name).result() == (7, 9)
    finally:
        segment.close()
        segment.unlink()


def test_waits_come_back_all_of_them() -> None:
    assert workers.wait_in_threads(5, 0.001) == 5
    assert run_apart(workers.wait_in_tasks, 5, 0.001) == 5


def test_both_ways_of_an_event_loop_and_two_pools_compute_the_same() -> None:
    with start("processes", 2) as pool, start("threads", 2) as threads:
        there = run_apart(workers.fetch_and_hand_over, 3, 0.001, 10, pool)
        two = workers.in_two_pools([0.001] * 3, 10, threads, pool)
    here = run_apart(workers.fetch_and_compute_here, 3, 0.001, 10)
    assert here == there == two == [compute(10)] * 3


# The advisor.


@every_path
def test_the_advisor_follows_each_path_at_once(path: Path) -> None:
    lab = advisor()
    lab.set(**path.answers)
    assert lab.path == path
    assert path.advice.model in lab.advice.value
    counted = unescape(lab.advice.value).split("Your answers that count here: ")[1].split(".)")[0]
    labels = {topic: question.label for topic, question in choosing.topics().items()}
    assert counted.split("; ") == [f"{labels[topic]}: {a}" for topic, a in path.answers.items()]
    assert not any(lab.controls[topic].disabled for topic in labels)  # the keyboard finds them all
    assert lab.data is None  # nothing was run


def test_the_advisor_measures_and_shows_the_way_too() -> None:
    lab = advisor().set(work="I don't know").run()
    assert "Done" in lab.status.value
    assert lab.picture is not None
    assert lab.picture.text.startswith("Advice: measure first")
    lab.set(show=SHOW[1])
    assert "The way through the tree (work: I don't know)" in lab.picture.text


def test_each_control_has_a_name_of_its_own() -> None:
    names = [control.description for control in advisor().controls.values()]
    assert all(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("work", ["wait", "compute", "both"])
def test_stop_acts_within_two_seconds(work: str) -> None:
    lab = advisor().set(work=work)
    lab.start()
    time.sleep(0.2)
    lab.stop()
    lab.wait(4)
    assert "Stopped" in lab.status.value or "Done" in lab.status.value
    assert not [t for t in threading.enumerate() if t.name.startswith("lab:")]


def test_paths_of_a_tree_without_questions() -> None:
    tree = {choosing.ROOT: Advice("threads", "", "")}
    [path] = paths(tree)
    assert path.nodes == (choosing.ROOT,)
    assert list(itertools.chain(path.answers)) == []
