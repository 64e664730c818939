"""The frame that every lab shares: controls, Run and Stop, progress, a picture with its sentence.

A lab is three parts that know nothing of each other: controls, a ``measure`` function from
their values to data, and a ``draw`` function from data to a Picture or a Table. Only this frame
joins them, so each is tested without a browser.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Generic, TypeVar

import ipywidgets as widgets

from helpers.draw.picture import Shown, live
from helpers.labs.job import INTERRUPTS, Job, children_interrupted
from helpers.labs.style import heading
from helpers.measure.elsewhere import Stopped, WorkerFailed

Data = TypeVar("Data")
Settings = dict[str, Any]


class Lab(Generic[Data]):
    """A panel: set the controls, press Run, look.

    title: what the lab is for. controls: name of a setting to its widget, in order of display;
    each with a description, which is also its accessible name (see ``choice`` and ``number``).
    measure: called as ``measure(settings, job)``, in a thread; reports to the job, raises
    ValueError for settings that make no sense. draw: called with what measure returned.
    view: names of controls that only change how data at hand is drawn; a change redraws at once.
    """

    def __init__(
        self,
        title: str,
        controls: Mapping[str, widgets.ValueWidget],
        measure: Callable[[Settings, Job], Data],
        draw: Callable[[Data, Settings], Shown],
        view: tuple[str, ...] = (),
    ) -> None:
        for name in view:
            if name not in controls:
                raise ValueError(f"view names {name!r}, which is not among the controls")
        self.title = title
        self.controls = dict(controls)
        self.data: Data | None = None
        self.picture: Shown | None = None
        self._measure = measure
        self._draw = draw
        self._view = view
        self._measured_with: Settings = {}
        self._thread: threading.Thread | None = None
        self._job: Job | None = None
        self.run_button = widgets.Button(description="Run", button_style="primary")
        self.stop_button = widgets.Button(description="Stop", disabled=True)
        self.progress = widgets.IntProgress(
            min=0, max=100, layout=widgets.Layout(width="12em", visibility="hidden")
        )
        self.status = widgets.HTML()
        self.image = widgets.HTML()
        self.run_button.on_click(lambda _: self.start())
        self.stop_button.on_click(lambda _: self.stop())
        for name in view:
            self.controls[name].observe(lambda _: self._view_changed(), names="value")
        self.panel = widgets.VBox(
            [
                heading(f"<strong>Lab. {escape(title)}</strong>"),
                widgets.HBox(
                    list(self.controls.values()),
                    layout=widgets.Layout(flex_flow="row wrap", grid_gap="0 1.5em"),
                ),
                widgets.HBox([self.run_button, self.stop_button, self.progress]),
                self.status,
                self.image,
            ]
        )
        self.panel.add_class("course-panel").add_class("course-lab")
        INTERRUPTS.attach()
        self._say("Set the controls and press Run.")

    @property
    def settings(self) -> Settings:
        """The values that the controls have now."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def set(self, **values: Any) -> Lab[Data]:
        """Set controls by name, as the reader's hand would. ValueError for an unknown name."""
        for name, value in values.items():
            if name not in self.controls:
                raise ValueError(f"no control {name!r}; there are {list(self.controls)}")
            self.controls[name].value = value
        return self

    def start(self) -> None:
        """Begin a run in a thread of its own; does nothing while one is running."""
        if self.running:
            return
        self._job = Job(lambda done: setattr(self.progress, "value", int(100 * done)))
        self._busy(True)
        INTERRUPTS.watch(self._job)
        self._thread = threading.Thread(
            target=self._work, args=(self.settings, self._job), name=f"lab: {self.title}"
        )
        self._thread.start()

    def stop(self) -> None:
        """Ask a run to stop; returns at once."""
        if self._job is not None:
            self._job.stop.set()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for a run to end. TimeoutError if it hasn't after so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)
            if self._thread.is_alive():
                raise TimeoutError(f"the lab had not ended after {seconds:g} s")

    def run(self) -> Lab[Data]:
        """Run to the end and return the lab: for a cell that shows it with a first picture."""
        self.start()
        try:
            self.wait()
        except KeyboardInterrupt:
            self.stop()
            self.wait()
            raise
        return self

    def _work(self, settings: Settings, job: Job) -> None:
        try:
            with children_interrupted(job):
                data = self._measure(settings, job)
            job.check()
            self.data, self._measured_with = data, settings
            self._redraw()
            self._say("Done.")
        except Stopped:
            self._say("Stopped. The picture, if there is one, is from the run before.")
        except _FORESEEN as error:
            self._say(f"This didn't work: {_in_short(error)}")
        except Exception as error:
            self._say(f"This didn't work: {type(error).__name__}: {_in_short(error)}")
            raise  # a defect of the course: its traceback must be seen
        finally:
            INTERRUPTS.forget(job)
            self._busy(False)

    def _redraw(self) -> None:
        if self.data is None:
            return
        # The data's own settings: the reader may have set others for the next run by now.
        view = {name: self.controls[name].value for name in self._view}
        self.picture = self._draw(self.data, {**self._measured_with, **view})
        self.image.value = self.picture.html

    def _view_changed(self) -> None:
        try:
            self._redraw()
        except ValueError as error:
            self._say(f"This can't be drawn: {_in_short(error)}")
        else:
            if self.data is not None and not self.running:
                self._say("Done.")

    def _busy(self, busy: bool) -> None:
        self.run_button.disabled = busy
        self.stop_button.disabled = not busy
        self.progress.value = 0
        self.progress.layout.visibility = "visible" if busy else "hidden"
        if busy:
            self._say("Measuring …")

    def _say(self, text: str) -> None:
        self.status.value = f'<span role="status">{escape(text)}</span>'

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(self.panel._repr_mimebundle_(**options) or {})
        # For a page that shows the stored notebook and has no kernel behind it.
        still = self.picture.html if self.picture else ""
        bundle["text/html"] = live(f"<p>Lab. {escape(self.title)}</p>{still}")
        bundle["text/plain"] = repr(self)
        return bundle

    def __repr__(self) -> str:
        return f"<Lab: {self.title}>"


_FORESEEN = (ValueError, TypeError, WorkerFailed, TimeoutError)


def _in_short(error: Exception) -> str:
    """The first line; a worker's traceback comes after it."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def choice(name: str, options: Mapping[str, Any] | list[Any], value: Any) -> widgets.Dropdown:
    """A drop-down list. Unlike a slider it has an accessible name and answers to the keyboard."""
    listed = list(options.items()) if isinstance(options, Mapping) else list(options)
    return widgets.Dropdown(options=listed, value=value, description=name, **_SHAPE)


def number(name: str, value: int, least: int, most: int) -> widgets.BoundedIntText:
    """A field for a whole number; what lies outside least and most is brought back inside."""
    return widgets.BoundedIntText(
        value=value, min=least, max=most, description=name, continuous_update=False, **_SHAPE
    )


def several(
    name: str, options: Mapping[str, Any] | list[Any], value: Sequence[Any]
) -> widgets.SelectMultiple:
    """A list from which several may be chosen: with Ctrl or Shift, by mouse or arrow keys."""
    listed = list(options.items()) if isinstance(options, Mapping) else list(options)
    return widgets.SelectMultiple(
        options=listed, value=tuple(value), description=name, rows=min(9, len(listed) + 1), **_SHAPE
    )


_SHAPE: dict[str, Any] = {
    "style": {"description_width": "initial"},
    "layout": widgets.Layout(width="auto", min_width="11em"),
}
