"""What an interpreter says about itself. Runs on CPythons older than the course needs, too."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from typing import Any


def identity() -> dict[str, Any]:
    """``{"implementation", "version", "free_threaded", "gil", "jit", "home"}``.

    jit: whether the just-in-time compiler is on, None if there is none (it came with 3.14).
    home: the folder of the installation itself, not that of a virtual environment.
    Source: https://docs.python.org/3/library/sys.html#sys._jit
    """
    gil_enabled = getattr(sys, "_is_gil_enabled", None)  # since 3.13
    jit = getattr(sys, "_jit", None)
    return {
        "implementation": platform.python_implementation(),
        "version": list(sys.version_info[:3]),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "gil": True if gil_enabled is None else bool(gil_enabled()),
        "jit": bool(jit.is_enabled()) if jit is not None and jit.is_available() else None,
        "home": os.path.realpath(sys.base_prefix),
    }


def has_interpreters() -> bool:
    """Whether this Python can run subinterpreters: 3.14 or later."""
    return sys.version_info >= (3, 14)
