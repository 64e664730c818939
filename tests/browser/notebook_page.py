"""A notebook open in JupyterLab, and the labs in it, worked as a reader with a keyboard would."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    CDPSession,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    WebSocket,
    expect,
)

from tests.browser.server import Server

PATIENCE_S = 90.0
_MS = 1000.0
expect.set_options(timeout=PATIENCE_S * _MS)

_OPEN = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    const isNotebook = widget => widget && widget.content && widget.content.widgets
        && widget.sessionContext;
    while (!isNotebook(app.shell.currentWidget)) {
        await new Promise(later => setTimeout(later, 50));
    }
    const panel = window.coursePanel = app.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}"""

_OUTPUTS = """() => window.coursePanel.content.widgets.map(cell => ({
    kind: cell.model.type,
    source: cell.model.sharedModel.getSource(),
    tags: cell.model.getMetadata("tags") || [],
    outputs: cell.model.type === "code" ? cell.model.sharedModel.getOutputs() : [],
}))"""

_ASK_KERNEL = """async ([setup, expression]) => {
    const kernel = window.coursePanel.sessionContext.session.kernel;
    const future = kernel.requestExecute({
        code: setup, silent: true, store_history: false, allow_stdin: false,
        user_expressions: {answer: expression},
    });
    const reply = await future.done;
    const answer = (reply.content.user_expressions || {}).answer;
    if (reply.content.status !== "ok" || answer.status !== "ok") {
        throw new Error(JSON.stringify(reply.content));
    }
    return answer.data["text/plain"];
}"""

# Notes with the browser's clock what a lab shows, so that the test's own slowness doesn't count.
_WATCH = """box => {
    const log = window.courseLog = [];
    const note = what => log.push([what, performance.now()]);
    const look = () => {
        const said = box.querySelector("[role=status]")?.textContent;
        if (said && said !== look.said) note("status: " + (look.said = said));
        const bar = box.querySelector(".widget-hprogress");
        if (!look.progress && bar && getComputedStyle(bar).visibility === "visible") {
            look.progress = true;
            note("progress shown");
        }
    };
    look.said = box.querySelector("[role=status]")?.textContent;
    new MutationObserver(look).observe(
        box, {subtree: true, childList: true, characterData: true, attributes: true});
    box.addEventListener("click", event => note("click: " + event.target.textContent), true);
}"""


@dataclass(frozen=True)
class Cell:
    kind: str
    source: str
    tags: list[str]
    outputs: list[dict[str, Any]]

    @property
    def html(self) -> str:
        """All HTML that the cell put out."""
        found = [output.get("data", {}).get("text/html", "") for output in self.outputs]
        return "\n".join("".join(html) for html in found)


# In a list from which several may be chosen: the places of the chosen ones; whether the list has
# told anybody of a change since it was last asked; and how to choose.
_CHOSEN = "list => [...list.options].flatMap((one, place) => one.selected ? [place] : [])"
_TOLD = """list => {
    if (list.courseTold === undefined) {
        list.addEventListener("change", () => { list.courseTold = true; });
    }
    const told = list.courseTold === true;
    list.courseTold = false;
    return told;
}"""
_CHOOSE = """(list, places) => {
    [...list.options].forEach((one, place) => { one.selected = places.includes(place); });
    list.dispatchEvent(new Event("change", { bubbles: true }));
}"""


class NotebookPage:
    """One notebook in one page, which must be in the foreground."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page = page
        self.name = name
        self.complaints: list[str] = []
        self.found_labs = False
        self.family = server.family(name)
        self._server = server
        self._devtools: CDPSession | None = None
        page.set_default_timeout(PATIENCE_S * _MS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("request", self._on_request)
        page.on("websocket", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _on_request(self, request: Request | WebSocket) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.hostname != "127.0.0.1":
            self.complaints.append(f"request to another host: {request.url[:200]}")

    def open(self) -> None:
        self.page.goto(self._server.url(self.name))
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.page.evaluate(_OPEN)
        self.comms_at_first = self.comms_over_subshells
        self.kernel: int = self.ask_kernel("_os.getpid()", "import os as _os")
        self.files_at_first = self.family.files()

    def run_all(self) -> None:
        """Run every cell, behind another tab as it were; returns when the last has ended.

        So the browser needn't paint each state of the page on the way.
        """
        self.page.evaluate("() => window.coursePanel.hide()")
        self.command("notebook:run-all-cells")
        self.page.evaluate("() => window.coursePanel.show()")

    def command(self, name: str) -> None:
        """Give one of JupyterLab's commands, and wait until it is carried out."""
        self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)

    @property
    def cells(self) -> list[Cell]:
        return [Cell(**cell) for cell in self.page.evaluate(_OUTPUTS)]

    def edit(self, position: int, source: str) -> None:
        """Replace a cell's text. position: its place among all cells, from 0."""
        self.page.evaluate(
            "([cell, text]) => window.coursePanel.content.widgets[cell]"
            ".model.sharedModel.setSource(text)",
            [position, source],
        )

    def run_cell(self, position: int) -> None:
        """Run one cell and wait until it has ended."""
        self.page.evaluate(
            "cell => { window.coursePanel.content.activeCellIndex = cell; }", position
        )
        self.command("notebook:run-cell")

    @property
    def cells_selected(self) -> int:
        """How many cells JupyterLab would run, move or cut at once; the active one counts."""
        count: int = self.page.evaluate("() => window.coursePanel.content.selectedCells.length")
        return count

    def ask_kernel(self, expression: str, setup: str = "") -> Any:
        """The value in the kernel of an expression that ``ast.literal_eval`` can read."""
        return ast.literal_eval(self.page.evaluate(_ASK_KERNEL, [setup, expression]))

    def interrupt_kernel(self) -> None:
        self.command("notebook:interrupt-kernel")

    def shut_kernel_down(self) -> None:
        self.page.evaluate("() => window.coursePanel.sessionContext.shutdown()")

    @property
    def comms_over_subshells(self) -> str:
        """How widgets reach the kernel: "disabled" (as cells do), or by a line of their own."""
        mode: str = self.page.evaluate(
            "() => window.coursePanel.sessionContext.session.kernel.commsOverSubshells"
        )
        return mode

    @comms_over_subshells.setter
    def comms_over_subshells(self, mode: str) -> None:
        # What JupyterLab itself does when the setting changes.
        self.page.evaluate(
            "mode => { window.jupyterapp.serviceManager.kernels.commsOverSubshells = mode; }", mode
        )

    @property
    def labs(self) -> list[LabPanel]:
        """Every lab that is shown, in order."""
        boxes = self.page.locator(".course-lab")
        return [LabPanel(self, boxes.nth(place)) for place in range(boxes.count())]

    def lab(self, title: str) -> LabPanel:
        heading = self.page.get_by_text(f"Lab. {title}", exact=True)
        return LabPanel(self, self.page.locator(".course-lab", has=heading))

    def accessible(self, element: Locator) -> tuple[str, str]:
        """Role and name of an element in the tree that Chromium gives to a screen reader.

        What is far off isn't rendered, nor in the tree, and what has just come near will be soon.
        """
        until = time.monotonic() + PATIENCE_S
        while (found := self._accessible_now(element))[0] == "none" and time.monotonic() < until:
            self.page.wait_for_timeout(20)
        return found

    def _accessible_now(self, element: Locator) -> tuple[str, str]:
        element.scroll_into_view_if_needed()
        element.evaluate("element => { element.dataset.courseProbe = 'here'; }")
        try:
            wanted = {"nodeId": self._find_probe(), "fetchRelatives": False}
            [found] = self._session().send("Accessibility.getPartialAXTree", wanted)["nodes"]
        finally:
            element.evaluate("element => { delete element.dataset.courseProbe; }")
        return found["role"]["value"], found.get("name", {}).get("value", "")

    def _session(self) -> CDPSession:
        if self._devtools is None:
            self._devtools = self.page.context.new_cdp_session(self.page)
        return self._devtools

    def _find_probe(self) -> int:
        root = self._session().send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
        query = {"nodeId": root, "selector": "[data-course-probe]"}
        node: int = self._session().send("DOM.querySelector", query)["nodeId"]
        return node

    def accessible_within(self, box: Locator, roles: set[str], count: int) -> list[str]:
        """Names of the elements with these roles inside another one, once there are so many."""
        box.scroll_into_view_if_needed()
        box.evaluate("box => { box.dataset.courseProbe = 'here'; }")
        try:
            root = self._find_probe()
            until = time.monotonic() + PATIENCE_S
            while True:
                answer = self._session().send("Accessibility.queryAXTree", {"nodeId": root})
                found = [one for one in answer["nodes"] if one["role"]["value"] in roles]
                if len(found) >= count or time.monotonic() > until:
                    return [one.get("name", {}).get("value", "") for one in found]
                self.page.wait_for_timeout(20)
        finally:
            box.evaluate("box => { delete box.dataset.courseProbe; }")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def wait_until(self, met: Callable[[], bool], what: str) -> None:
        """Wait for a condition. Raises AssertionError if it isn't met in time."""
        until = time.monotonic() + PATIENCE_S
        while not met():
            assert time.monotonic() < until, f"{what}: not after {PATIENCE_S:g} s"
            self.page.wait_for_timeout(20)


class LabPanel:
    """One lab on the page."""

    def __init__(self, notebook: NotebookPage, box: Locator) -> None:
        self.notebook = notebook
        self.box = box
        self.run = box.get_by_role("button", name="Run", exact=True)
        self.stop = box.get_by_role("button", name="Stop", exact=True)
        self.status = box.get_by_role("status")
        heading = box.locator("strong").first.text_content() or ""
        self.title = heading.removeprefix("Lab. ")

    @property
    def controls(self) -> list[Locator]:
        found = self.box.locator("select, input, textarea")
        return [found.nth(place) for place in range(found.count())]

    @property
    def picture(self) -> str:
        """The picture or table as it is on the page, and its sentence; "" if there is none yet."""
        shown = self.box.locator("figure, table")
        html: str = shown.first.evaluate("shown => shown.outerHTML") if shown.count() else ""
        return html

    @property
    def settings(self) -> dict[str, Any]:
        """What the kernel believes the controls to be, as texts."""
        found: dict[str, Any] = self.notebook.ask_kernel(
            f"{{name: repr(value) for name, value in {self._in_kernel}.settings.items()}}"
        )
        return found

    @property
    def under_way(self) -> bool:
        """Whether a run has made progress, or has ended already."""
        lab = self._in_kernel
        answer: bool = self.notebook.ask_kernel(f"{lab}.progress.value > 0 or not {lab}.running")
        return answer

    @property
    def _in_kernel(self) -> str:
        """The lab as an expression: a cell may show a lab that it gives no name."""
        if not self.notebook.found_labs:
            self.notebook.ask_kernel(
                "None",
                "import gc as _gc, helpers.labs.panel as _panel\n"
                "_labs = {one.title: one for one in _gc.get_objects()"
                " if isinstance(one, _panel.Lab)}",
            )
            self.notebook.found_labs = True
        return f"_labs[{self.title!r}]"

    def change(self, control: Locator) -> str:
        """Move a control by one step with the keyboard; return the key that moves it back.

        Of a list from which several may be chosen, return what was chosen.
        """
        control.focus()
        if control.evaluate("control => control.type") == "select-multiple":
            chosen: list[int] = control.evaluate(_CHOSEN)
            control.evaluate(_TOLD)
            # Which key chooses anew depends on where the list stood: at an end some do nothing. And
            # Chromium tells of no change where a key chooses what the key before the last
            # ``change_back`` did, which no key has undone.
            for key in ("Shift+ArrowDown", "ArrowDown", "ArrowUp", "Home", "End"):
                control.press(key)
                self.notebook.page.wait_for_timeout(100)  # it may come a moment after the key
                told = control.evaluate(_TOLD)
                if told and control.evaluate(_CHOSEN) != chosen:
                    control.press("Tab")
                    return json.dumps(chosen)
            raise AssertionError(f"{self.title}: the keyboard chooses nothing")
        before = control.input_value()
        if control.evaluate("control => control.type") in ("select-one", "number"):
            keys = {"ArrowDown": "ArrowUp", "ArrowUp": "ArrowDown"}
        else:
            control.press("End")
            keys = {"#": "Backspace"}
        for key, back in keys.items():  # at one end of the list only one of them does anything
            control.press(key)
            if control.input_value() != before:
                control.press("Tab")  # a field tells the kernel when it is left
                return back
        raise AssertionError(f"{self.title}: the keyboard changes nothing")

    def change_back(self, control: Locator, key: str) -> None:
        """Take one step back with the key that ``change`` returned, or choose what it returned."""
        if key.startswith("["):
            control.evaluate(_CHOOSE, json.loads(key))
            return
        control.focus()
        control.press(key)
        control.press("Tab")

    def watch(self) -> None:
        """Begin to note what the panel shows from here on."""
        self.box.evaluate(_WATCH)

    def noted(self) -> list[tuple[str, float]]:
        """What was seen since ``watch``, each with the browser's time in seconds."""
        log: list[tuple[str, float]] = self.notebook.page.evaluate("() => window.courseLog")
        return [(what, when / _MS) for what, when in log]

    def now(self) -> float:
        """The browser's time in seconds, as ``noted`` gives it."""
        now: float = self.notebook.page.evaluate("() => performance.now()")
        return now / _MS

    def start(self) -> None:
        """Press Run by keyboard and wait until the kernel has begun."""
        self.watch()
        self.run.focus()
        self.notebook.press("Enter")
        self.notebook.wait_until(lambda: self._seen("status: Measuring"), f"{self.title}: start")

    def wait(self) -> str:
        """Wait for the run's end and return what the status says then."""
        self.notebook.wait_until(self.run.is_enabled, f"{self.title}: end")
        return self.status.text_content() or ""

    def _seen(self, start: str) -> bool:
        return any(what.startswith(start) for what, _ in self.noted())
