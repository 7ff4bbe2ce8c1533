"""What a test needs from the machine that it runs on."""

import os

import pytest


def need(condition: object, reason: str) -> None:
    """Skip the running test for `reason` unless `condition` holds. In CI, where all is at hand, fail instead."""
    if condition:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"in CI nothing may be missing: {reason}")
    pytest.skip(reason)
