"""For every test: Hypothesis has no time limit an example, for a loaded machine is no fault."""

from hypothesis import settings

# On top of what Hypothesis chose by itself: in CI the same examples at each run.
settings.register_profile("unhurried", parent=settings.default, deadline=None)
settings.load_profile("unhurried")
