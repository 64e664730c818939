"""How panels look, in JupyterLab's light and dark themes alike."""

from __future__ import annotations

import ipywidgets as widgets

# Widgets have no font, border or focus ring to set in Python that a theme could change.
# The arrow is grey because a drop-down's own is black, which a dark theme swallows.
_ARROW = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E"
    "%3Cpath d='M4 6l5 5 5-5' fill='none' stroke='%23888' stroke-width='2'/%3E%3C/svg%3E"
)
_CSS = f"""
.course-panel {{
    border: 1px solid var(--jp-border-color1, #888); border-radius: 4px;
    padding: 0.4em 0.8em 0.6em; margin: 2px;
}}
.course-panel :focus-visible {{
    outline: 2px solid var(--jp-brand-color1, #0072B2) !important; outline-offset: 1px;
}}
.course-panel select:not([multiple]) {{ background-image: url("{_ARROW}") !important; }}
.course-panel .jupyter-widgets {{ max-width: calc(100% - 4px); }}
.course-panel .widget-html-content {{ line-height: 1.6; min-width: 0; }}
.course-answers button {{
    height: auto; padding: 0.3em 0.8em; line-height: 1.5;
    text-align: left; white-space: normal; overflow: visible;
}}
.course-answers .course-picked {{
    border-left: 0.5em solid var(--jp-brand-color1, #0072B2); font-weight: bold;
}}
"""


def heading(html: str) -> widgets.HTML:
    """The first line of a panel; it brings the style with it."""
    return widgets.HTML(f"<style>{_CSS}</style>{html}")
