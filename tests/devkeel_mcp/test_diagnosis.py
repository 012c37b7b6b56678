"""diagnose over an in-memory client, and causes in the answers of what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Agent

pytestmark = pytest.mark.anyio
MISSING = "main.c:1:10: fatal error: no/such/place.h: No such file or directory\n"


async def test_a_text_without_a_cause_is_said_to_have_none(agent: Agent) -> None:
    found = await agent.data("diagnose", text="E   assert 1 == 2\n1 failed in 0.01s\n")
    assert not any(cause["fixes"] for cause in found["causes"])
    assert "next" not in found


async def test_either_a_text_or_a_job_is_asked_about(agent: Agent) -> None:
    for given in ({}, {"text": MISSING, "job": "0" * 16}):
        assert (await agent.error("diagnose", **given))["code"] == "nothing_to_diagnose"
    assert (await agent.error("diagnose", job="0" * 16))["code"] == "unknown_job"
