"""What each verb takes, and that the page about it says the same."""

from __future__ import annotations

from pathlib import Path

from devkeel.policy.actions import ACTIONS, VerbNeeds, When
from devkeel.policy.permission import NAMES

PAGE = Path(__file__).parents[3] / "docs/policy.md"


def test_the_page_has_the_table_of_the_source() -> None:
    """On a difference, what is printed belongs on the page."""
    found = PAGE.read_text("utf-8").partition("a test compares them -->\n")[2].partition("\n<!-- end -->")[0]
    assert found == table(), table()


def table() -> str:
    """Return the rows, verbs that take the same in one of them."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, needs in ACTIONS.items():
        groups.setdefault((listed(needs.takes), "; ".join(map(changed, needs.when))), []).append(f"`{name}`")
    rows = [f"| {', '.join(names)} | {takes} | {more} |" for (takes, more), names in groups.items()]
    return "\n".join(("| verbs | permissions | by an argument |", "| --- | --- | --- |", *rows))


def listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in NAMES if name in names)


def changed(when: When) -> str:
    value = {True: "true"}.get(when.value, when.value) if isinstance(when.value, bool) else when.value
    parts = [f"{listed(when.adds)} too"] if when.adds else []
    parts += [f"without {listed(when.drops)}"] if when.drops else []
    return f"`{when.argument}={value}`: {', '.join(parts)}"


def test_every_verb_takes_read_and_no_argument_takes_that_away() -> None:
    for needs in ACTIONS.values():
        assert "read" in needs.least <= needs.takes <= frozenset(NAMES)
        assert all(item.adds | item.drops <= frozenset(NAMES) for item in needs.when)


def test_an_argument_changes_what_a_call_takes() -> None:
    built = When("level", "build", adds=frozenset({"build"}))
    tried = When("dry_run", value=True, drops=frozenset({"write"}))
    needs = VerbNeeds(frozenset({"read", "write"}), (tried, built))
    assert needs.needed({}) == {"read", "write"}
    assert needs.needed({"dry_run": True, "level": "build"}) == {"read", "build"}
    assert needs.needed({"dry_run": False, "level": "schema", "other": 1}) == {"read", "write"}
    assert needs.least == {"read"}
