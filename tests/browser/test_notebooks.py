"""Every notebook in real JupyterLab: it runs, and its labs, predictions and exercises work."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator

from tests.browser.family import settled
from tests.browser.notebook_page import LabPanel, NotebookPage
from tests.browser.practice import NAME as PRACTICE
from tests.browser.server import Server
from tests.chapter_files import Chapter
from tests.test_exercises import exercises_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STOP_WITHIN_S = 2.0
# On a busy machine the browser itself may hold a message up: one of so many tries is enough.
TRIES = 3


@pytest.fixture(scope="module", params=["disabled", "perCommTarget"])
def widgets_talk(request: pytest.FixtureRequest, notebook: NotebookPage) -> str:
    """Both ways in which JupyterLab sends clicks: the course's setting, and its own default.

    In this order, and once: what is on its way when the second line to the kernel closes is lost.
    """
    notebook.comms_over_subshells = request.param
    mode: str = request.param
    return mode


@pytest.fixture
def panels_talk(notebook: NotebookPage, widgets_talk: str) -> str:
    """The same for what all panels have from one frame: tried in one notebook, it goes for all."""
    if widgets_talk != "disabled" and notebook.name != PRACTICE:
        pytest.skip("the practice notebook tries this line to the kernel with the same frame")
    return widgets_talk


def test_run_all_succeeds(notebook: NotebookPage) -> None:
    for cell in notebook.cells:
        errors = [output for output in cell.outputs if output["output_type"] == "error"]
        assert not errors, (cell.source, errors)


def test_the_courses_own_settings_are_in_force(notebook: NotebookPage) -> None:
    assert notebook.comms_at_first == "disabled"


def test_these_eyes_see_errors_and_foreign_requests(notebook: NotebookPage) -> None:
    notebook.page.evaluate(
        "() => { console.error('on purpose');"
        " return fetch('http://course.invalid/').catch(() => null); }"
    )
    seen, notebook.complaints = notebook.complaints, []
    assert "console: on purpose" in seen
    assert "request to another host: http://course.invalid/" in seen


def test_nothing_is_left_after_the_last_cell(notebook: NotebookPage) -> None:
    nothing_left(notebook)


def nothing_left(notebook: NotebookPage, patience: float = 10) -> None:
    """Seen from inside the kernel, and from outside. patience: seconds for what is just ending."""
    inside = notebook.ask_kernel(
        "[left for before in _chapter._before.values()"
        f" for left in _leftovers.left_since(before, {patience})]",
        "from helpers.course import chapter as _chapter\n"
        "from helpers.measure import leftovers as _leftovers",
    )
    assert inside == []
    assert settled(partial(notebook.family.to_end, notebook.kernel), []) == []
    assert settled(notebook.family.files, notebook.files_at_first) == notebook.files_at_first


def test_these_eyes_see_what_is_left(notebook: NotebookPage) -> None:
    if notebook.name != PRACTICE:
        pytest.skip("once is enough: the eyes are the same")
    notebook.ask_kernel(
        "None",
        "import subprocess as _subprocess, sys as _sys, tempfile as _tempfile\n"
        "_file = _tempfile.NamedTemporaryFile()\n"
        "_code = 'import sys; sys.stdin.read()'\n"
        "_left = _subprocess.Popen([_sys.executable, '-c', _code], stdin=_subprocess.PIPE)",
    )
    [command] = notebook.family.to_end(notebook.kernel)
    assert "sys.stdin.read()" in command
    assert len(notebook.family.files() - notebook.files_at_first) == 1
    with pytest.raises(AssertionError, match="processes: "):
        nothing_left(notebook, patience=0)
    notebook.ask_kernel("None", "_left.communicate(); _file.close()")
    nothing_left(notebook)


def test_images_have_a_text(notebook: NotebookPage) -> None:
    images = notebook.page.locator(".jp-Notebook img")
    for place in range(images.count()):
        assert len(images.nth(place).get_attribute("alt") or "") >= 10, place


def test_panels_fit_a_narrow_window(notebook: NotebookPage) -> None:
    wide = notebook.page.viewport_size
    assert wide is not None
    notebook.page.set_viewport_size({"width": 800, "height": 900})
    try:
        panels = notebook.page.locator(".course-panel")
        assert panels.count() > 0
        for place in range(panels.count()):
            panels.nth(place).scroll_into_view_if_needed()
            cut_off = panels.nth(place).evaluate(_CUT_OFF)
            assert not cut_off, f"cut off: {cut_off}"
    finally:
        notebook.page.set_viewport_size(wide)


# Texts of what is wider inside than outside, of a panel and what it holds.
_CUT_OFF = """panel => [panel, ...panel.querySelectorAll("button, .widget-box")]
    .filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.innerText)"""


def test_answers_have_names(notebook: NotebookPage) -> None:
    """Those of one prediction: all are made by the same lines."""
    buttons = notebook.page.locator(".course-answers").first.get_by_role("button")
    assert buttons.count() > 1
    for place in range(buttons.count()):
        role, name = notebook.accessible(buttons.nth(place))
        assert role == "button"
        assert name == buttons.nth(place).inner_text()


def test_predictions_are_picked_by_keyboard_and_compared(
    notebook: NotebookPage, panels_talk: str
) -> None:
    """The first with each of its answers, the others with one: all are made by the same lines."""
    panels = notebook.page.locator(".course-answers")
    outcomes = notebook.page.locator(".course-outcome")
    assert panels.count() == outcomes.count() > 0
    for place in range(panels.count()):
        panel, outcome = panels.nth(place), outcomes.nth(place)
        panel.scroll_into_view_if_needed()
        buttons, said = panel.get_by_role("button"), panel.get_by_role("status")
        for answer in range(buttons.count() if place == 0 else 1):
            text = (buttons.nth(answer).text_content() or "").removeprefix("✓ ")
            buttons.nth(answer).press("Enter")
            notebook.wait_until(partial(reads, said, f"You picked: {text}."), f"picked: {text}")
            notebook.wait_until(partial(compares, outcome, text), f"compared: {text}")


def reads(element: Locator, text: str) -> bool:
    return element.text_content() == text


def compares(outcome: Locator, answer: str) -> bool:
    said = outcome.text_content() or ""
    return "This run can't tell" in said or ("You predicted" in said and answer in said)


def test_an_exercise_is_solved_by_its_solution(notebook: NotebookPage, server: Server) -> None:
    """The first: tests/test_exercises.py tries all, and the page does the same with each."""
    places = [place for place, cell in enumerate(notebook.cells) if "exercise" in cell.tags]
    exercises = exercises_of(Chapter(Path(server.folder, "notebooks", notebook.name)))
    assert len(places) == len(exercises) > 0
    for place in places:
        assert "not yet" in notebook.cells[place + 1].html
    place, exercise = places[0], exercises[0]
    stub = notebook.cells[place].source
    notebook.edit(place, exercise.solution)
    notebook.run_cell(place)
    notebook.run_cell(place + 1)
    assert f"Exercise {exercise.number}: solved" in notebook.cells[place + 1].html
    notebook.edit(place, stub)


def test_what_a_lab_is_worked_with_has_a_name(notebook: NotebookPage) -> None:
    for lab in notebook.labs:
        count = len(lab.controls) + 2  # Run and Stop
        names = notebook.accessible_within(lab.box, _ROLES, count)
        assert len(names) == count, (lab.title, names)
        assert all(names), (lab.title, names)
        assert len(set(names)) == len(names), (lab.title, names)


_ROLES = {"button", "combobox", "listbox", "spinbutton", "textbox"}


def test_labs_are_reached_by_tab(notebook: NotebookPage) -> None:
    for lab in notebook.labs:
        elements = [*lab.controls, lab.run]
        # Into the cell, then on with Tab: past the cell's own buttons to the lab.
        lab.box.locator("strong").first.click()
        notebook.press("Tab")
        for _ in range(30):
            if focused(elements[0]):
                break
            notebook.press("Tab")
        for element in elements:
            assert focused(element), (
                f"{lab.title}: Tab doesn't lead to {notebook.accessible(element)}"
            )
            notebook.press("Tab")


def test_controls_are_moved_by_keyboard(notebook: NotebookPage, panels_talk: str) -> None:
    for lab in notebook.labs:
        for control in lab.controls:
            before = lab.settings
            back = lab.change(control)
            notebook.wait_until(partial(differ, lab, before), f"{lab.title}: settings changed")
            assert notebook.cells_selected == 1, f"{lab.title}: a key has selected cells, too"
            lab.change_back(control, back)
            notebook.wait_until(partial(agree, lab, before), f"{lab.title}: settings as before")


def differ(lab: LabPanel, settings: dict[str, Any]) -> bool:
    return lab.settings != settings


def agree(lab: LabPanel, settings: dict[str, Any]) -> bool:
    return lab.settings == settings


def test_run_gives_progress_and_a_new_picture(notebook: NotebookPage, panels_talk: str) -> None:
    for lab in _that_end(notebook):
        before = lab.picture
        changed = lab.box.locator("select, input[type=number]").first
        if changed.count():
            lab.change(changed)
        lab.start()
        assert lab.wait() == "Done."
        seen = [what for what, _ in lab.noted()]
        assert "progress shown" in seen, (lab.title, seen)
        assert lab.picture, lab.title
        if changed.count():
            assert lab.picture != before, lab.title


def test_stop_stops_a_run(notebook: NotebookPage, panels_talk: str) -> None:
    for lab in notebook.labs:
        assert any(_seconds_to_stop(lab) <= STOP_WITHIN_S for _ in range(TRIES)), lab.title
        nothing_left(notebook)


@pytest.mark.parametrize("when", ["at once", "in the middle"])
def test_an_interrupt_stops_a_run(notebook: NotebookPage, panels_talk: str, when: str) -> None:
    for lab in notebook.labs:
        assert any(_seconds_to_interrupt(lab, when) <= STOP_WITHIN_S for _ in range(TRIES)), (
            lab.title
        )
        nothing_left(notebook)


def test_the_chapter_finds_nothing_left_behind(notebook: NotebookPage, panels_talk: str) -> None:
    """JupyterLab's own threads and tasks, which come with its clicks, aren't the chapter's."""
    [last] = [place for place, c in enumerate(notebook.cells) if "chapter.end(" in c.source]
    notebook.run_cell(last)
    html = notebook.cells[last].html
    assert "0-tidy holds" in html, html.partition("Measured")[2]


def focused(element: Locator) -> bool:
    answer: bool = element.evaluate("element => element === document.activeElement")
    return answer


def _that_end(notebook: NotebookPage) -> list[LabPanel]:
    return [lab for lab in notebook.labs if lab.title != "A run of a minute"]


def _seconds_to_stop(lab: LabPanel) -> float:
    """Press Run, then Stop, which Tab leads to from there. The time from the key to the word."""
    lab.start()
    lab.notebook.press("Tab")
    lab.notebook.press("Enter")
    said = lab.wait()
    clicks = [when for what, when in lab.noted() if what == "click: Stop"]
    if said == "Done.":
        return 0.0  # it was faster than the key
    assert said.startswith("Stopped."), said
    return _moment_of(lab, "status: Stopped.") - clicks[0]


def _seconds_to_interrupt(lab: LabPanel, when: str) -> float:
    lab.start()
    if when == "in the middle":
        lab.notebook.wait_until(lambda: lab.under_way, f"{lab.title}: progress")
    began = lab.now()
    lab.notebook.interrupt_kernel()
    said = lab.wait()
    if said == "Done.":
        return 0.0
    assert said.startswith("Stopped."), said
    return _moment_of(lab, "status: Stopped.") - began


def _moment_of(lab: LabPanel, start: str) -> float:
    return next(when for what, when in lab.noted() if what.startswith(start))
