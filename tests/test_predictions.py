"""A prediction is picked, or not, and then compared."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.course.predictions import Prediction

FASTER, SAME = "Twice as fast", "No faster <than> one"


@pytest.fixture
def asked() -> Prediction:
    return Prediction("How fast are two threads?", [FASTER, SAME])


def html(shown: Any) -> str:
    return str(shown._repr_mimebundle_()["text/html"])


def test_a_question_without_an_answer_goes_on(asked: Prediction) -> None:
    assert asked.picked is None
    assert asked.outcome_text == "Not run yet."
    shown = html(asked.compare(SAME))
    assert asked.outcome_text == f"It happened: {SAME}. You made no prediction."
    assert "You made no prediction." in shown


def test_a_right_guess(asked: Prediction) -> None:
    asked.pick(SAME)
    asked.compare(SAME, {FASTER: "Two workers, twice the work?"})
    assert asked.outcome_text == f"You predicted what happened: {SAME}."


def test_a_wrong_guess_is_explained(asked: Prediction) -> None:
    asked.pick(FASTER)
    shown = html(asked.compare(SAME, {FASTER: "Both take turns."}))
    assert asked.outcome_text == (f"You predicted: {FASTER}. It happened: {SAME}. Both take turns.")
    assert "No faster &lt;than&gt; one" in shown


def test_an_unexplained_wrong_guess_ends_cleanly(asked: Prediction) -> None:
    asked.pick(FASTER)
    asked.compare(SAME)
    assert asked.outcome_text.endswith("one.")


def test_a_click_after_the_run_changes_the_comparison(asked: Prediction) -> None:
    asked.compare(SAME)
    asked._buttons[0].click()
    assert asked.picked == FASTER
    assert FASTER in asked._outcome.value
    asked._buttons[1].click()
    assert "You predicted what happened" in asked._outcome.value


def test_the_picked_answer_is_marked_in_words_not_only_in_looks(asked: Prediction) -> None:
    assert "Pick one, or go on without." in asked._status.value
    asked.pick(FASTER)
    assert [button.description for button in asked._buttons] == [f"✓ {FASTER}", SAME]
    assert f"You picked: {FASTER}." in asked._status.value
    asked.pick(SAME)
    assert [button.description for button in asked._buttons] == [FASTER, f"✓ {SAME}"]


def test_running_the_experiment_again_replaces_the_outcome(asked: Prediction) -> None:
    asked.pick(SAME)
    asked.compare(FASTER, {SAME: "Think of the GIL."})
    asked.compare(SAME)
    assert asked.outcome_text == f"You predicted what happened: {SAME}."


def test_a_stored_notebook_shows_question_and_answers(asked: Prediction) -> None:
    bundle = asked._repr_mimebundle_()
    assert bundle["text/plain"] == "<Prediction: How fast are two threads?>"
    assert "<li>No faster &lt;than&gt; one</li>" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    asked.pick(FASTER)
    assert asked._repr_mimebundle_()["text/html"] == bundle["text/html"]


def test_bad_arguments_are_named(asked: Prediction) -> None:
    with pytest.raises(ValueError, match=r"^question must not be empty"):
        Prediction("", ["a", "b"])
    for answers in ([], ["a"], ["a", "a"]):
        with pytest.raises(ValueError, match=r"^answers must be at least two different"):
            Prediction("Why?", answers)
    with pytest.raises(ValueError, match=r"^answer must be one of .* got 'Slower'"):
        asked.pick("Slower")
    with pytest.raises(ValueError, match=r"^happened must be one of"):
        asked.compare("Slower")
    with pytest.raises(ValueError, match=r"^why_not must be one of"):
        asked.compare(SAME, {"Slower": "x"})


def test_a_run_that_cannot_tell_says_so_and_judges_nobody() -> None:
    prediction = Prediction("Which?", ["this", "that"])
    prediction.pick("this")
    prediction.compare(None, {"this": "because"})
    assert "can't tell" in prediction.outcome_text
    assert "because" not in prediction.outcome_text


def test_a_run_says_why_it_cannot_tell() -> None:
    prediction = Prediction("Which?", ["this", "that"])
    prediction.compare(None, untold="nobody had to wait")
    assert prediction.outcome_text == "This run can't tell: nobody had to wait."
