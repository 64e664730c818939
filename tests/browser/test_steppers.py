"""The stepper of the explorer in real JupyterLab, by keyboard and by mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.notebook_page import NotebookPage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EXPLORER = "Try every schedule"


def steppers(notebook: NotebookPage) -> list[Locator]:
    """Those that a cell shows by themselves; a lab's own comes when an ending is chosen."""
    boxes = notebook.page.locator(".course-stepper")
    return [boxes.nth(place) for place in range(boxes.count())]


def press(box: Locator, name: str) -> None:
    """Press a button by keyboard: it keeps the focus, so that it can be pressed again."""
    button = box.get_by_role("button", name=name, exact=True)
    button.focus()
    button.press("Enter")


def says(box: Locator, start: str) -> None:
    expect(box.get_by_role("status")).to_have_text(re.compile(re.escape(start)))


def test_every_part_has_a_name_and_is_reached_by_tab(notebook: NotebookPage) -> None:
    for box in steppers(notebook):
        parts = box.locator("button, select, input")
        names = [notebook.accessible(parts.nth(place))[1] for place in range(parts.count())]
        assert all(names), names
        assert len(set(names)) == len(names), names
        parts.first.focus()
        for name in names[1:]:
            notebook.press("Tab")
            focused = box.locator(":focus")
            assert notebook.accessible(focused)[1] == name


def test_steps_by_keyboard_forward_back_and_reset(notebook: NotebookPage) -> None:
    for box in steppers(notebook):
        press(box, "Reset")  # a cell may have opened it at the end of a schedule
        says(box, "Step 0.")
        press(box, "A: next opcode")
        says(box, "Step 1. Who takes the next one?")
        press(box, "B: next opcode")
        says(box, "Step 2.")
        expect(box.get_by_label("Schedule")).to_have_value(re.compile(r" A1 B1$"))
        press(box, "Back")
        says(box, "Step 1.")
        press(box, "Forward")
        says(box, "Step 2.")
        press(box, "To the end")
        expect(box.get_by_role("status")).to_contain_text("Outcome:")
        press(box, "A: next opcode")
        says(box, "A is over")
        press(box, "Reset")
        says(box, "Step 0.")


def test_steps_by_line_with_the_mouse_show_in_the_lanes(notebook: NotebookPage) -> None:
    for box in steppers(notebook):
        press(box, "Reset")
        says(box, "Step 0.")
        box.get_by_role("button", name="B: next line", exact=True).click()
        expect(box.get_by_role("status")).not_to_have_text(re.compile(r"Step 0\."))
        assert box.get_by_role("region", name="lanes: who took which step").count() == 1
        assert "After" in (box.locator("figcaption").text_content() or "")
        press(box, "Reset")
        says(box, "Step 0.")


def test_a_schedule_is_pasted_and_a_wrong_one_refused(notebook: NotebookPage) -> None:
    for box in steppers(notebook):
        field = box.get_by_label("Schedule")
        field.fill("A2 B1")
        field.press("Tab")
        says(box, "Step 3.")
        field.fill("A2 Z9")
        field.press("Tab")
        says(box, "This doesn't work: schedule must be turns")
        press(box, "Reset")
        says(box, "Step 0.")


def test_a_chosen_ending_opens_its_schedule_below(notebook: NotebookPage) -> None:
    lab = notebook.page.get_by_text(f"Lab. {EXPLORER}", exact=True)
    if not lab.count():
        pytest.skip("this notebook has no explorer lab")
    here = lab.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')][1]")
    assert not here.locator(".course-stepper").count()
    chosen = notebook.page.get_by_label("Open in the stepper")
    chosen.focus()
    chosen.press("ArrowDown")
    box = here.locator(".course-stepper")
    expect(box).to_have_count(1)
    says(box, "Step 0.")
    press(box, "Forward")
    says(box, "Step 1.")
    press(box, "To the end")
    expect(box.get_by_role("status")).to_contain_text("Outcome:")
