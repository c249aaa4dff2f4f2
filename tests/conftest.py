"""What every test shares: properties are tried in the same order each time, without a stop-watch."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("roundsman", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("roundsman")
