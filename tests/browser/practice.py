"""A small chapter with one of everything, for trying the tests and the panels themselves.

Its labs only wait, so what a test sees comes from the panels and not from a measurement.
"""

from __future__ import annotations

NAME = "09_practice.ipynb"

SOURCE = """\
# %% [markdown]
# # Chapter 9: Practise
#
# A prediction, a picture, claims, labs and an exercise.

# %%
from ipywidgets import Layout, Textarea

from helpers.course import chapter, exercises
from helpers.course.claims import claim
from helpers.course.exercises import NotYet
from helpers.course.predictions import Prediction
from helpers.draw.picture import BLUE, Picture, Table, new_figure
from helpers.labs.panel import Lab, choice, number
from helpers.measure.verdict import WITHOUT_GIL

chapter.begin("9")

# %% [markdown]
# ## 9.1 Guess and look
#
# *1 minute; 1 so far*

# %%
guess = Prediction(
    "What is six times seven, <b>as Python</b> computes it?",
    ["41", "42, the number that everybody quotes in examples", "Something else in each run"],
)
guess

# %%
product = 6 * 7
product

# %%
guess.compare(guess.answers[1], {"41": "41 is one less: it is easy to miscount."})

# %%
def draw(data, settings):
    figure = new_figure(f"{data} points on a line", 3)
    figure.axes[0].plot(range(data), range(data), "o-", color=BLUE)
    figure.axes[0].set_xlabel("number")
    return Picture(figure, f"A line of {data} points, drawn {settings.get('how', 'plainly')}.")


draw(5, {})

# %% [markdown]
# **Look.** The points lie on a line.
#
# **Explain.** Each is one further than the last.

# %%
claim("9.1-product", "Six times seven is 42.", product == 42, f"{product}")

# %%
claim("9.1-untold", "Without a GIL it is 42 too.", True, "42", needs=[WITHOUT_GIL])

# %%
claim("9.1-wrong", "Six times seven is 43, says a claim that does not hold.", product == 43, "42")

# %% [markdown]
# **Try.** Change the controls.

# %%
def count_up(settings, job):
    if settings["points"] == 13:
        raise ValueError("points must not be 13")
    for step in range(10):
        job.stop.wait(0.05)
        job.progress((step + 1) / 10)
    return settings["points"]


Lab(
    "Points on a line",
    {
        "points": number("points", 4, 2, 40),
        "work": choice("work", {"adding up": 1, "hashing, which releases the GIL": 2}, 1),
        "how": choice("drawn", ["plainly", "with care"], "plainly"),
    },
    count_up,
    draw,
    view=("how",),
).run()

# %%
def cut_up(settings, job):
    job.progress(0.5)
    return settings["text"].split("\\n")


def list_lines(lines, settings):
    rows = tuple((line, str(len(line)), "a column of words " * 3) for line in lines)
    return Table(f"{len(lines)} lines.", ("line", "characters", "remark"), rows)


text = Textarea("some = text\\nto = cut", description="Text", layout=Layout(width="36em"))
Lab("Lines of a text", {"text": text}, cut_up, list_lines).run()

# %%
def wait_long(settings, job):
    for step in range(600):
        job.stop.wait(0.1)
        job.progress(step / 600)
    return settings["points"]


endless = Lab("A run of a minute", {"points": number("points", 4, 2, 40)}, wait_long, draw)
endless

# %% [markdown]
# ## Exercises
#
# ### Exercise 9.1

# %% tags=["exercise"]
def answer():
    return ...


# %%
def says_42(function):
    if function() != 42:
        raise NotYet("The answer is another number.")
    return "That is the answer."


exercises.check("9.1", says_42, answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def answer():
#     return 42
# ```
#
# </details>

# %%
chapter.end("9")
"""
