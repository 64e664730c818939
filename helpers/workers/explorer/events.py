"""Stop a thread before each opcode of some functions, and of these functions only.

Since Python 3.12 `sys.monitoring` calls back before each instruction of the code objects that it
is told (https://docs.python.org/3/library/sys.monitoring.html). Before that, a trace function
with ``f_trace_opcodes`` is called before each opcode
(https://docs.python.org/3/library/sys.html#sys.settrace).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any, Callable, Optional

Step = Callable[[CodeType, int], None]
_Trace = Optional[Callable[[FrameType, str, Any], Any]]
_monitoring: Any = getattr(sys, "monitoring", None)


class Events:
    """Calls ``step(code, offset)`` before each opcode of the code objects.

    depth: how many frames above ``step`` the stopped function is, for ``sys._getframe``.
    """

    depth = 1 if _monitoring else 2

    def __init__(self, step: Step) -> None:
        self._step = step
        self._codes: set[CodeType] = set()
        self._tool: int | None = None

    def start(self) -> None:
        """RuntimeError if debuggers, profilers and the like use all of the tool numbers."""
        if not _monitoring:
            return
        for tool in (4, 3, *range(6)):  # the low ones are for debuggers, coverage and profilers
            if _monitoring.get_tool(tool) is None:
                _monitoring.use_tool_id(tool, "explorer")
                _monitoring.register_callback(tool, _monitoring.events.INSTRUCTION, self._step)
                self._tool = tool
                return
        raise RuntimeError("another debugger or profiler uses sys.monitoring; end it first")

    def watch(self, codes: Iterable[CodeType]) -> None:
        """Stop before the opcodes of these, too."""
        for code in set(codes) - self._codes:
            if self._tool is not None:
                _monitoring.set_local_events(self._tool, code, _monitoring.events.INSTRUCTION)
            self._codes.add(code)

    def enter_thread(self) -> None:
        """To be called in each thread, before each function that it runs under control."""
        if not _monitoring:
            # An exception out of a trace function switches tracing off, so it is switched on anew.
            sys.settrace(self._trace)

    def leave_thread(self) -> None:
        if not _monitoring:
            sys.settrace(None)

    def stop(self) -> None:
        if self._tool is not None:
            for code in self._codes:
                _monitoring.set_local_events(self._tool, code, 0)
            _monitoring.register_callback(self._tool, _monitoring.events.INSTRUCTION, None)
            _monitoring.free_tool_id(self._tool)
            self._tool = None
        self._codes.clear()

    def _trace(self, frame: FrameType, event: str, _argument: Any) -> _Trace:
        if frame.f_code not in self._codes:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._local

    def _local(self, frame: FrameType, event: str, _argument: Any) -> _Trace:
        if event == "opcode":
            self._step(frame.f_code, frame.f_lasti)
            if frame.f_code.co_freevars or frame.f_code.co_cellvars:
                # On return, the interpreter writes f_locals back, cells included. Read them anew,
                # or what other threads have written meanwhile would be undone.
                # Source: https://github.com/python/cpython/issues/74929
                frame.f_locals  # noqa: B018
        return self._local
