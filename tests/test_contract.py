"""Every chapter keeps the contract that CONTRIBUTING.md states under "The chapters"."""

from __future__ import annotations

import ast
import base64
import io
import re

import matplotlib.image
import pytest

from tests.chapter_files import NOTEBOOKS, ROOT, SECTIONS, Chapter, tags_of, text_of

chapters = pytest.mark.parametrize(
    "chapter", list(map(Chapter, NOTEBOOKS)), ids=lambda c: c.path.stem
)
LONGEST_CELL = 25
MARK = re.compile(r"^\*(\d+) minutes?; (\d+) so far\*$", re.MULTILINE)
RHYTHM = ("**Look.**", "**Explain.**", "**Try.**")
# Chapters begin with what their reader will do. A new chapter may add its verb.
VERBS = {"See", "Watch", "Start", "Share", "Await", "Choose", "Find", "Tune"}
SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "notes", "-"}


def test_there_are_chapters() -> None:
    assert NOTEBOOKS


@chapters
def test_title_begins_with_a_verb(chapter: Chapter) -> None:
    found = re.match(rf"# Chapter {int(chapter.number)}: (\w+)", chapter.cells[0].source)
    assert found, "the first cell must begin with '# Chapter N: Verb …'"
    assert found[1] in VERBS


@chapters
def test_opening_says_what_for_whom_and_how_long(chapter: Chapter) -> None:
    goals = text_of(chapter.part("What you will be able to do"), "markdown")
    assert len(re.findall(r"^- \w+", goals, re.MULTILINE)) >= 3
    assert text_of(chapter.part("What you need"), "markdown").count("\n") >= 1
    time = text_of(chapter.part("Time"), "markdown")
    assert re.search(r"self-study", time, re.IGNORECASE)
    assert re.search(r"classroom", time, re.IGNORECASE)


@chapters
def test_machine_card_first_and_tidy_last(chapter: Chapter) -> None:
    number = int(chapter.number)
    assert chapter.code[0].source.rstrip().endswith(f'chapter.begin("{number}")')
    assert chapter.code[-1].source.rstrip().endswith(f'chapter.end("{number}")')


@chapters
def test_sections_are_the_articles(chapter: Chapter) -> None:
    numbered = [h.split()[0] for h in chapter.parts if re.match(r"\d\.\d ", h)]
    assert numbered == SECTIONS[chapter.number]


@chapters
def test_running_time_marks_add_up(chapter: Chapter) -> None:
    so_far = 0
    for section in SECTIONS[chapter.number]:
        found = MARK.search(text_of(chapter.part(section), "markdown"))
        assert found, f"{section} needs a line like *12 minutes; 20 so far*"
        so_far += int(found[1])
        assert int(found[2]) == so_far, section


@chapters
def test_each_section_keeps_the_rhythm(chapter: Chapter) -> None:
    for section in SECTIONS[chapter.number]:
        cells = chapter.part(section)
        prose, code = text_of(cells, "markdown"), text_of(cells, "code")
        missing = [word for word in RHYTHM if word not in prose]
        missing += [call for call in ("Prediction(", ".compare(", "claim(") if call not in code]
        assert not missing, f"section {section} lacks {missing}"
        assert prose.index("**Look.**") < prose.index("**Explain.**") < prose.rindex("**Try.**")
        predict = code.index("Prediction(")
        assert predict < code.index(".compare("), section


@chapters
def test_code_cells_can_be_read_at_a_glance(chapter: Chapter) -> None:
    long = [c.source.splitlines()[0] for c in chapter.code if c.source.count("\n") >= LONGEST_CELL]
    assert not long


@chapters
def test_the_code_being_taught_stands_in_the_cells(chapter: Chapter) -> None:
    """A notebook of helper calls teaches nothing: it must use the standard modules itself."""
    imported = set()
    for cell in chapter.code:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    wanted = {
        "01": {"threading", "multiprocessing", "asyncio"},
        "02": {"threading", "sys", "dis"},
        "03": {"multiprocessing", "concurrent"},
        "04": {"threading", "queue", "concurrent"},
        "05": {"asyncio", "aiohttp", "aiofiles"},
        "06": {"asyncio", "concurrent", "multiprocessing", "threading", "aiohttp", "aiosqlite"},
        "07": {"threading", "multiprocessing", "asyncio", "queue", "logging"},
        "08": {"threading", "multiprocessing", "concurrent", "numpy"},
    }.get(chapter.number, set())
    assert imported >= wanted
    assert imported & {"threading", "multiprocessing", "asyncio", "concurrent"}


@chapters
def test_what_is_imported_keeps_its_name(chapter: Chapter) -> None:
    """A cell that gives an import's name to something else breaks the cells above it, run again."""
    imported: set[str] = set()
    hidden: list[str] = []
    for cell in chapter.code:
        for statement in ast.parse(cell.source).body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                hidden += imported & {statement.name}
                continue
            for node in ast.walk(statement):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    imported |= {(one.asname or one.name).partition(".")[0] for one in node.names}
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    hidden += imported & {node.id}
    assert hidden == []


@chapters
def test_ending(chapter: Chapter) -> None:
    assert text_of(chapter.part("Summary"), "markdown").count("\n- ") >= 3
    assert chapter.part("Exercises")
    corrections = text_of(chapter.part("What the article says and what you measured"), "markdown")
    rows = [line for line in corrections.splitlines() if line.startswith("|")][2:]
    assert len(rows) >= 3
    assert all(re.search(r"https?://|§|claim \d", row) for row in rows), "each row needs a source"
    assert text_of(chapter.part("Next"), "markdown")


@chapters
def test_links_lead_somewhere(chapter: Chapter) -> None:
    prose = text_of(chapter.cells, "markdown")
    for target in re.findall(r"\]\(([^)#]+)", prose):
        if not target.startswith(("http://", "https://")):
            assert (chapter.path.parent / target).exists(), target


@chapters
def test_every_cell_has_a_slide_type(chapter: Chapter) -> None:
    found = {cell.metadata.get("slideshow", {}).get("slide_type") for cell in chapter.cells}
    assert found <= SLIDE_TYPES


@chapters
def test_claims_are_named_once_and_after_their_section(chapter: Chapter) -> None:
    seen: list[str] = []
    for section in SECTIONS[chapter.number]:
        ids = re.findall(r"claim\(\s*\"([^\"]+)\"", text_of(chapter.part(section), "code"))
        assert all(name.startswith(f"{section}-") for name in ids), (section, ids)
        seen += ids
    assert len(seen) == len(set(seen))


@chapters
def test_outputs_that_are_not_compared_are_guarded_by_a_claim(chapter: Chapter) -> None:
    """From an ignored cell on, a claim must come before the section ends."""
    for heading, cells in chapter.parts.items():
        code = [cell for cell in cells if cell.cell_type == "code"]
        for position, cell in enumerate(code):
            if "nbval-ignore-output" in tags_of(cell):
                after = "".join(c.source for c in code[position:])
                assert "claim(" in after, f"{heading}: {cell.source.splitlines()[0]}"


@chapters
def test_nothing_is_skipped_or_expected_to_raise_wholesale(chapter: Chapter) -> None:
    tags = [tag for cell in chapter.cells for tag in tags_of(cell)]
    assert "nbval-skip" not in tags
    assert tags.count("nbval-ignore-output") <= len(chapter.code) // 4


@chapters
def test_pictures_are_not_cut_off(chapter: Chapter) -> None:
    """What reaches over the edge, such as a title that is too long, leaves ink on it."""
    for cell in chapter.code:
        shown = [str(one.get("data", {}).get("text/html", "")) for one in cell.get("outputs", [])]
        for found in re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", "\n".join(shown)):
            image = matplotlib.image.imread(io.BytesIO(base64.b64decode(found)), format="png")
            edges = (image[:2], image[-2:], image[:, :2], image[:, -2:])
            assert min(edge[..., :3].min() for edge in edges) > 0.5, cell.source[:80]


@chapters
def test_images_have_alt_text(chapter: Chapter) -> None:
    for cell in chapter.cells:
        texts = [cell.source]
        texts += [
            str(output.get("data", {}).get("text/html", "")) for output in cell.get("outputs", [])
        ]
        for image in re.findall(r"<img\b[^>]{0,400}", "\n".join(texts)):
            assert re.search(r'alt="[^"]{10,}', image), image[:80]
        assert not re.search(r"!\[\s*\]\(", cell.source)


def test_bounds_exist_for_every_chapter() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for path in NOTEBOOKS:
        assert f'"{path.name[:2]}" = ' in project
