"""Tables of an array in TOML: only the needed lines change, and what cannot be proven is refused."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.errors import Refused
from devkeel.source.toml_tables import drop, put

FILE = """\
# Of the team.
level = "syntax"  # for now

# Asked first.
[[caches]]
url = 'file:///a' # near
# why so
priority = 1

# The other one.
[[caches]]
url = "https://b"
public_key = \"""k\"""

[guard]
files = "ask"
"""


def put_in(text: str, **values: Any) -> str:
    return put(text.encode(), "devkeel.toml", "caches", "url", values).decode()


def drop_from(text: str, url: str) -> str:
    return drop(text.encode(), "devkeel.toml", "caches", "url", url).decode()


def test_a_value_is_changed_in_its_place_and_a_new_one_goes_behind_the_last() -> None:
    made = put_in(FILE, url="file:///a", priority=7, public_key="k")
    assert made == FILE.replace("priority = 1\n", 'priority = 7\npublic_key = "k"\n')
    assert put_in(FILE, url="https://b", public_key="n") == FILE.replace('"""k"""', '"n"')
    assert put_in(FILE, url="file:///a", priority=1) == FILE


def test_a_new_table_goes_behind_the_others() -> None:
    made = put_in(FILE, url="file:///c", priority=3)
    assert made == FILE.replace('"""k"""\n', '"""k"""\n\n[[caches]]\nurl = "file:///c"\npriority = 3\n')
    assert put_in("", url="file:///c") == '[[caches]]\nurl = "file:///c"\n'
    assert put_in("level = 'schema'", url="c") == "level = 'schema'\n\n[[caches]]\nurl = \"c\"\n"


def test_a_table_goes_and_the_comments_around_it_stay() -> None:
    assert drop_from(FILE, "https://b") == FILE.replace('[[caches]]\nurl = "https://b"\npublic_key = """k"""\n', "")
    left = drop_from(drop_from(FILE, "https://b"), "file:///a")
    assert "caches" not in tomllib.loads(left)
    assert all(text in left for text in ("# Asked first.", "# The other one.", "# for now"))
    assert drop_from(FILE, "file:///none") == FILE
    assert drop_from('a = 1\n\n[[caches]]\nurl = "c"\n', "c") == "a = 1\n"


def test_an_array_between_brackets_stays_one() -> None:
    text = 'caches = [\n    { url = "a" }, # near\n    { url = "b", priority = 2 },\n]\n'
    assert drop_from(text, "a") == 'caches = [\n    { url = "b", priority = 2 },\n]\n'
    assert tomllib.loads(put_in(text, url="c"))["caches"][2] == {"url": "c"}
    assert tomllib.loads(put_in(text, url="b", priority=3))["caches"][1] == {"url": "b", "priority": 3}
    assert put_in("caches = []\n", url="c") == 'caches = [{url = "c"}]\n'
    assert drop_from('caches = [{url = "c"}]\n', "c") == "caches = []\n"


def test_line_ends_and_a_mark_stay() -> None:
    text = FILE.replace("\n", "\r\n")
    made = put(b"\xef\xbb\xbf" + text.encode(), "devkeel.toml", "caches", "url", {"url": "c", "priority": 1})
    assert made.startswith(b"\xef\xbb\xbf# Of")
    assert b"\n" not in made.replace(b"\r\n", b"")


@pytest.mark.parametrize("text", ["caches = 1\n", "caches = [1]\n", "caches = [[[\n"])
def test_what_is_no_array_of_tables_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        put_in(text, url="a")


VALUES = st.dictionaries(
    st.sampled_from(["priority", "note", "more"]), st.integers(0, 9) | st.text("a\"'\n#[]\\é\t", max_size=4)
)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), VALUES, st.booleans()), max_size=6), st.sampled_from([FILE, "", "x=1"])
)
def test_any_order_of_edits_says_what_it_should(steps: list[tuple[str, dict[str, Any], bool]], text: str) -> None:
    model = tomllib.loads(text)
    for url, values, gone in steps:
        tables = model.get("caches", [])
        old = next((table for table in tables if table["url"] == url), None)
        if gone:
            text = drop_from(text, url)
            model["caches"] = [table for table in tables if table["url"] != url]
        else:
            text = put_in(text, url=url, **values)
            new = {**(old or {}), "url": url, **values}
            model["caches"] = [new if table is old else table for table in tables] + ([] if old else [new])
        if not model["caches"]:
            del model["caches"]
        assert tomllib.loads(text) == model
    assert "# The other one." in text or not text.startswith("# Of")
