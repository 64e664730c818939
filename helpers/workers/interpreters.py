"""What an interpreter says about itself. Runs on CPythons older than the course needs, too."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from typing import Any


def identity() -> dict[str, Any]:
    """Version, build and home: ``{"implementation", "version", "free_threaded", "gil", "home"}``.

    home: the folder of the installation itself, not that of a virtual environment.
    """
    gil_enabled = getattr(sys, "_is_gil_enabled", None)  # since 3.13
    return {
        "implementation": platform.python_implementation(),
        "version": list(sys.version_info[:3]),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "gil": True if gil_enabled is None else bool(gil_enabled()),
        "home": os.path.realpath(sys.base_prefix),
    }
