# A chapter to start from: copy it to sources/NN_name.py and replace what is in <angle brackets>.
# CONTRIBUTING.md says what each part is for; tests/test_contract.py checks it.

# %% [markdown]
# # Chapter <N>: <Verb> <what the reader will do>
#
# <Two or three sentences: the question this chapter answers, and why it matters.>

# %% [markdown]
# ## What you will be able to do
#
# - <verb> …
# - <verb> …
# - <verb> …

# %% [markdown]
# ## What you need
#
# - <a concept, and where it was taught; necessary or helpful>
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about <60> minutes, exercises included. Classroom: <45> minutes without them.

# %%
from threading import Thread

from helpers.course import chapter, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction

chapter.begin("<N>")

# %% [markdown]
# ## <N.1> <Title of the article's section>
#
# *<10> minutes; <10> so far*
#
# <What it is about. New words are defined as they come.>

# %%
guess = Prediction("<What will happen?>", ["<this>", "<that>", "<something else>"])
guess

# %% [markdown]
# <What the next cell does, sequential first.>

# %%
# The plain code that this section teaches.

# %%
guess.compare("<that>", {"<this>": "<why that guess is a likely one>"})

# %% [markdown]
# **Look.** <What there is to see in the output or the picture.>
#
# **Explain.** <Why it is so, with a source where it is a fact from elsewhere.>

# %%
claim("<N.1>-<word>", "<The statement, as a sentence.>", <measured == expected>, f"{<measured>}")

# %% [markdown]
# **Try.** <What to change in which cell, and what to watch for.>

# %% [markdown]
# ## Summary
#
# - <what the reader now knows, with the word for it>

# %% [markdown]
# ## Exercises
#
# ### Exercise <N.1>
#
# <The task.>

# %% tags=["exercise"]
def answer():
    return ...

# %%
exercises.check("<N.1>", checks_topic.answer, answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def answer():
#     return 42
# ```
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | <its statement> | <the correction> | claim <N.1-word> | <https://…> |

# %%
chapter.end("<N>")

# %% [markdown]
# ## Next
#
# <One sentence, with a link to the next chapter.>
