"""Lanes: every state has its look, and picture and sentence say what was recorded."""

from __future__ import annotations

import io
import itertools

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.patches import PathPatch

from helpers.draw import picture as palette
from helpers.draw import timeline as module
from helpers.draw.picture import new_figure
from helpers.draw.timeline import LOOKS, describe, draw_lanes, draw_legend, lanes
from helpers.measure.timeline import Span, State, Timeline

MS = 1_000_000
START = 5_000_000_000  # clocks don't begin at zero


def made(*spans: tuple[str, State, float, float]) -> Timeline:
    """Spans in milliseconds since the start."""
    found = tuple(
        Span(lane, state, START + int(low * MS), START + int(high * MS))
        for lane, state, low, high in spans
    )
    return Timeline(tuple(dict.fromkeys(s.lane for s in found)), found, True, True)


TWO = made(
    ("thread 1", State.RUNNING, 0, 50),
    ("thread 1", State.WAITING_GIL, 50, 100),
    ("thread 2", State.WAITING_GIL, 0, 50),
    ("thread 2", State.RUNNING, 50, 75),
    ("thread 2", State.SLEEPING, 75, 100),
    ("thread 2", State.HOLDING_LOCK, 50, 70),
)


def patches(timeline: Timeline, window_s: tuple[float, float] | None = None) -> list[PathPatch]:
    axes = new_figure("x").axes[0]
    draw_lanes(axes, timeline, window_s)
    return [artist for artist in axes.get_children() if isinstance(artist, PathPatch)]


def drawn_ms(
    timeline: Timeline, state: State, window_s: tuple[float, float] | None = None
) -> float:
    """Milliseconds drawn of one state, all lanes together."""
    look = LOOKS[state]
    total = 0.0
    for patch in patches(timeline, window_s):
        if patch.get_facecolor()[:3] == to_rgb(look.colour) and patch.get_hatch() == (
            look.hatch or None
        ):
            corners = np.asarray(patch.get_path().vertices).reshape(-1, 5, 2)
            total += float((corners[:, 1, 0] - corners[:, 0, 0]).sum()) * 1e3
    return total


# Looks


def test_every_state_has_a_look_of_its_own() -> None:
    assert set(LOOKS) == set(State)
    assert len({(look.colour, look.hatch) for look in LOOKS.values()}) == len(State)


# What two kinds of dichromats see, on linear RGB: F. Viénot, H. Brettel, J. D. Mollon, "Digital
# video colourmaps for checking the legibility of displays by dichromats" (1999), as worked out in
# https://daltonlens.org/understanding-cvd-simulation/
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deuteranopia": np.array(
        [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]
    ),
    "no colour": np.array([[0.2126, 0.7152, 0.0722]] * 3),
}


def linear(colour: str) -> np.ndarray:
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(values: np.ndarray) -> np.ndarray:
    """CIELAB of linear sRGB: distances in it are about as large as they look."""
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ np.clip(values, 0, 1)
        / np.array([0.9505, 1.0, 1.089])
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, other: str, eyes: str) -> float:
    matrix = EYES[eyes]
    return float(np.linalg.norm(lab(matrix @ linear(one)) - lab(matrix @ linear(other))))


@pytest.mark.parametrize("eyes", EYES)
def test_states_that_look_alike_have_different_hatches(eyes: str) -> None:
    # Holding a lock is told by its place, a thin bar below the others.
    in_one_row = {state: look for state, look in LOOKS.items() if state is not State.HOLDING_LOCK}
    for (one, a), (other, b) in itertools.combinations(in_one_row.items(), 2):
        if distance(a.colour, b.colour, eyes) < 20:
            assert a.hatch != b.hatch, f"{one} and {other} look alike with {eyes}"


def test_the_check_itself_can_fail() -> None:
    assert distance("#ff0000", "#7f7f00", "deuteranopia") < distance(
        "#ff0000", "#7f7f00", "all cones"
    )
    assert distance(palette.BLUE, palette.BLUE, "protanopia") == 0


def contrast(one: str, other: str) -> float:
    """As https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio defines it."""
    light, dark = sorted(
        (float(np.array([0.2126, 0.7152, 0.0722]) @ linear(c)) for c in (one, other)), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


def test_ink_can_be_read_on_paper_and_hatches_on_their_colours() -> None:
    assert contrast(palette.INK, "white") >= 7
    for state, look in LOOKS.items():
        if look.hatch:
            # 3 to 1: https://www.w3.org/WAI/WCAG22/Understanding/non-text-contrast.html
            assert contrast(palette.INK, look.colour) >= 3, state


# Sentences


def test_the_sentence_comes_from_the_data() -> None:
    assert describe(TWO) == (
        "2 lanes over 0.10 s; of their time: 38% running, 50% waiting for the GIL, "
        "12% sleeping or I/O; a lock was held for 10% of it."
    )
    one = made(("task", State.AWAITING, 0, 1000))
    assert describe(one) == "1 lane over 1.00 s; of their time: 100% awaiting."


def test_the_sentence_names_the_window() -> None:
    assert describe(TWO, (0.02, 0.05)).endswith("; shown are the seconds from 0.02 to 0.05.")
    assert describe(TWO, (0.02, 9)).endswith("; shown are the seconds from 0.02 to 0.1.")


def test_the_sentence_is_the_alt_text_and_the_picture_a_png() -> None:
    picture = lanes(TWO, "Two threads")
    assert picture.text == describe(TWO)
    assert f'alt="{picture.text}"' in picture.html
    image = matplotlib.image.imread(io.BytesIO(picture.png), format="png")
    assert image.shape[1] > 500
    pixels = {tuple(pixel) for pixel in (image[..., :3] * 255).round().reshape(-1, 3).astype(int)}
    for state in (State.RUNNING, State.WAITING_GIL, State.HOLDING_LOCK):
        assert tuple(round(255 * part) for part in to_rgb(LOOKS[state].colour)) in pixels


# Bars


@pytest.mark.parametrize("state", [State.RUNNING, State.WAITING_GIL, State.SLEEPING])
def test_bars_are_as_long_as_their_spans(state: State) -> None:
    assert drawn_ms(TWO, state) == pytest.approx(TWO.time_in(state) / MS)


def test_a_window_cuts_bars() -> None:
    assert drawn_ms(TWO, State.RUNNING, (0.04, 0.06)) == pytest.approx(20)
    assert drawn_ms(TWO, State.SLEEPING, (0.04, 0.06)) == 0
    axes = new_figure("x").axes[0]
    draw_lanes(axes, TWO, (0.04, 0.06))
    assert axes.get_xlim() == pytest.approx((0.04, 0.06))


@pytest.mark.parametrize("window", [(0.2, 0.1), (0.1, 0.1), (-1, 1), (0.1, 0.2)])
def test_a_window_must_show_something(window: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"^window_s must be"):
        lanes(TWO, "Two threads", window)


def test_lanes_are_rows_from_top_to_bottom() -> None:
    axes = lanes(TWO, "Two threads").figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["thread 1", "thread 2"]
    bottom, top = axes.get_ylim()
    assert bottom > top


def test_holding_a_lock_is_drawn_beside_the_other_states() -> None:
    def heights(holds: bool) -> set[tuple[float, float]]:
        """Bottom and top of the bars that show held locks, or of all others."""
        found = set()
        for patch in patches(TWO):
            holding = patch.get_facecolor()[:3] == to_rgb(LOOKS[State.HOLDING_LOCK].colour)
            if holding is holds:
                corners = np.asarray(patch.get_path().vertices).reshape(-1, 5, 2)
                found |= {(float(box[0, 1]), float(box[2, 1])) for box in corners}
        return found

    ((low, high),) = heights(True)
    others = sorted(heights(False))
    assert len(others) == 2  # the two lanes
    assert others[1][1] <= low < high < others[1][0] + 1


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from([State.RUNNING, State.WAITING_GIL, State.WAITING_CORE]),
                  st.integers(1, 40)),
        min_size=1,
        max_size=40,
    ),
    st.integers(20, 60),
)  # fmt: skip
def test_dense_lanes_keep_the_shares_of_their_states(
    pattern: list[tuple[State, int]], times: int
) -> None:
    """Each of the columns shows one span, so the error is some columns at most."""
    spans, moment = [], 0.0
    for state, length in pattern * times:
        spans.append(("a", state, moment, moment + length))
        moment += length
    timeline = made(*spans)
    columns = module._COLUMNS
    states = {state for state, _ in pattern}
    total = sum(drawn_ms(timeline, state) for state in states)
    assert total == pytest.approx(timeline.length_ns / MS)
    if len(spans) <= columns:
        for state in states:
            assert drawn_ms(timeline, state) == pytest.approx(timeline.time_in(state) / MS)
    else:
        corners = sum(np.asarray(s.get_path().vertices).shape[0] for s in patches(timeline))
        assert corners <= 5 * columns


def test_thousands_of_hand_overs_do_not_look_like_waiting_only() -> None:
    """Bars drawn over each other did."""
    moment, spans = 0.0, []
    for turn in range(5_000):
        length = 0.03 + 0.007 * (turn % 5)
        spans.append(("a", State.RUNNING, moment, moment + length))
        spans.append(("a", State.WAITING_GIL, moment + length, moment + 3 * length))
        moment += 3 * length
    timeline = made(*spans)
    running = drawn_ms(timeline, State.RUNNING) / (timeline.length_ns / MS)
    assert running == pytest.approx(1 / 3, abs=0.08)


def test_the_legend_explains_what_occurs_and_no_more() -> None:
    figure = new_figure("x")
    draw_legend(figure, [TWO, made(("b", State.AWAITING, 0, 1))])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "running",
        "waiting for the GIL",
        "holding a lock",
        "sleeping or I/O",
        "awaiting",
    ]


def test_a_timeline_without_time_can_be_described() -> None:
    empty = Timeline(("a",), (), True, True)
    assert (empty.length_ns, empty.gil_held_share, empty.hand_overs) == (0, 0, 0)
    assert describe(empty).startswith("1 lane over 0.00 s")
