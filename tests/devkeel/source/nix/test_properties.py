"""Random edits on random modules: real Nix evaluates what the model says, and every edit can be taken back.

DEVKEEL_EDITS sets how many edits are judged (20,000 without it).
"""

from __future__ import annotations

import copy
import os
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

from devkeel.errors import DevkeelError, Refused
from devkeel.source import nix

EDITS = int(os.environ.get("DEVKEEL_EDITS", "20000"))
LENGTH = 20
BATCH = 200


def judged(writing: Any, evaluate: Any, seed: int, folder: Path, count: int) -> tuple[int, int]:
    """Make `count` edits from a seed and hold all results to real Nix; return edits and refusals."""
    random = Random(seed)
    contents, wanted, labels, refused = [], [], [], 0
    while len(contents) < count:
        data, model = writing.module(random)
        contents.append(data)
        wanted.append(model)
        labels.append("as written")
        for _ in range(random.randint(1, LENGTH)):
            step = writing.step(random)
            try:
                after = step.model(copy.deepcopy(model))
            except writing.Conflict:
                after = None
            try:
                edited = step.run(data)
            except Refused as error:
                assert after is None or error.code != "unproven", (data.decode(), step.label, error)
                refused += 1
                continue
            assert after is not None, (data.decode(), step.label, edited.data.decode())
            take_back(data, edited)
            data, model = edited.data, after
            contents.append(data)
            wanted.append(copy.deepcopy(model))
            labels.append(step.label)
    for content, found, want, label in zip(contents, evaluate(contents, folder), wanted, labels, strict=True):
        assert pruned(found) == pruned(want), (label, content.decode())
    return len(contents), refused


def take_back(before: bytes, edited: nix.Edited) -> None:
    """Assert that the splices turn one into the other, forwards and backwards."""
    backwards, position = bytearray(), 0
    for span, splice in zip(edited.spans, edited.splices, strict=True):
        assert edited.data[span.start : span.end] == splice.text
        backwards += edited.data[position : span.start] + before[splice.start : splice.end]
        position = span.end
    assert bytes(backwards + edited.data[position:]) == before


def pruned(value: Any) -> Any:
    """Return data without empty sets, which may stay where something was removed."""
    if isinstance(value, dict):
        # The order of packages has no meaning: a sorted list stays sorted.
        inner = {key: sorted(item) if key == "packages" else pruned(item) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item != {}}
    return [pruned(item) for item in value] if isinstance(value, list) else value


@pytest.mark.nix
@pytest.mark.parametrize("batch", range(EDITS // BATCH))
def test_random_edits_mean_what_they_say(writing: Any, evaluate: Any, tmp_path: Path, batch: int) -> None:
    edits, refused = judged(writing, evaluate, batch, tmp_path, BATCH)
    assert edits >= BATCH
    assert refused < edits


@given(seed=st.integers(min_value=0), mutations=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3)), max_size=5))
@settings(
    max_examples=1500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.generate],
)
def test_broken_input_is_refused_never_a_crash(
    writing: Any, grid: Any, seed: int, mutations: list[tuple[float, bytes]]
) -> None:
    random = Random(seed)
    data, _ = writing.module(random)
    if random.random() < 0.5:
        data = random.choice(list(grid.SHAPES.values())).encode()
    for where, replacement in mutations:
        at = int(where * len(data))
        data = data[:at] + replacement + data[at + random.randint(0, 3) :]
    for operation in random.sample(grid.OPERATIONS, 4):
        try:
            edited = operation.run(data)
        except DevkeelError:
            continue
        assert not nix.Document(edited.data).problems or nix.Document(data).problems
