"""The part between devkeel's marks is made anew; what stands around it, and what was changed in it, is the person's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.errors import Refused, UsageError
from devkeel.generate.part import PartText, find_parts, renew

WANTED = PartText("flake", "  a = 1;\n  b = 2;\n", {"name": "x"}, before="{\n", after="}\n")
LATER = PartText("flake", "  a = 1;\n  b = 3;\n", {"name": "x"}, before="{\n", after="}\n")
FIRST = renew("f.nix", None, WANTED, replace=False)[0]


def refusal(data: bytes, wanted: PartText = WANTED) -> Refused:
    with pytest.raises(Refused) as caught:
        renew("f.nix", data, wanted, replace=False)
    return caught.value


def test_a_file_begins_with_what_stands_around_the_part() -> None:
    lines = FIRST.decode().split("\n")
    assert (lines[0], lines[3:5], lines[-2:]) == ("{", ["  a = 1;", "  b = 2;"], ["}", ""])
    (part,) = find_parts("f.nix", FIRST)
    assert (part.kind, part.parameters, part.edited) == ("flake", {"name": "x"}, False)
    assert renew("f.nix", b" \n\n", WANTED, replace=False) == (FIRST, ())


@pytest.mark.parametrize("wanted", [WANTED, LATER])
@pytest.mark.parametrize(
    "around",
    [
        FIRST,
        b"# mine\n" + FIRST + b"# mine too",
        FIRST.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + FIRST.removeprefix(b"{\n"),
        b"caf\xe9\x0b\n" + FIRST,
        FIRST.removeprefix(b"{\n").removesuffix(b"\n}\n"),
        b"{ moved = true;\n\n\n" + FIRST.removeprefix(b"{\n"),
    ],
)
def test_what_stands_around_the_part_is_kept_to_the_byte(around: bytes, wanted: PartText) -> None:
    data, told = renew("f.nix", around, wanted, replace=False)
    assert told == ()
    assert (data == around) == (wanted is WANTED)
    assert renew("f.nix", data, wanted, replace=False) == (data, ())
    if wanted is LATER:
        (old,), (new,) = find_parts("f.nix", around), find_parts("f.nix", data)
        assert data == around.replace(b"b = 2", b"b = 3").replace(old.digest.encode(), new.digest.encode())


@pytest.mark.parametrize(
    ("edited", "line"),
    [
        (FIRST.replace(b"b = 2", b"b = 9"), 5),
        (FIRST.replace(b"  a = 1;\n", b""), 4),
        (FIRST.replace(b"  b = 2;\n", b"  b = 2;\n  c = 3;\n"), 6),
        (FIRST.replace(b"  a = 1;", b"  a = 11;"), 4),
        (FIRST.replace(b"  # <<< devkeel (flake)\n", b""), 2),
        (FIRST.replace(b"# >>> devkeel makes", b"# >>> devkeel made"), 2),
        (FIRST + FIRST, len(FIRST.split(b"\n")) + 1),
        (FIRST.replace(b"  # <<< devkeel (flake)\n}", b"}\n  # <<< devkeel (flake)"), 6),
    ],
)
def test_what_was_changed_by_hand_in_the_part_is_refused_with_its_line(edited: bytes, line: int) -> None:
    error = refusal(edited)
    assert (error.code, error.place and error.place.line) == ("generated_part_edited", line)
    data, told = renew("f.nix", edited, WANTED, replace=True)
    assert (len(told), find_parts("f.nix", data)[0].edited) == (1, False)


def test_what_was_changed_by_hand_to_what_is_made_now_is_no_loss() -> None:
    assert renew("f.nix", FIRST.replace(b"b = 2", b"b = 3"), LATER, replace=False)[0].count(b"b = 3") == 1


def test_what_a_formatter_laid_out_stays_until_something_else_is_made() -> None:
    formatted = FIRST.replace(b"  a = 1;\n", b"  a =\n    1;\n")
    assert renew("f.nix", formatted, WANTED, replace=False) == (formatted, ())
    assert refusal(formatted, LATER).code == "generated_part_edited"
    other = PartText(WANTED.kind, WANTED.text, {"name": "y"})
    assert refusal(formatted, other).code == "generated_part_edited"


def test_only_the_part_is_replaced_where_its_marks_are_whole() -> None:
    data, _ = renew("f.nix", b"# mine\n" + FIRST.replace(b"b = 2", b"b = 9"), WANTED, replace=True)
    assert data == b"# mine\n" + FIRST


@pytest.mark.parametrize("other", [b"{ }\n", renew("f.nix", None, PartText("ci", "x\n", {}), replace=False)[0]])
def test_a_file_of_another_origin_is_replaced_as_a_whole_where_that_is_asked(other: bytes) -> None:
    assert refusal(other).code == "not_generated"
    data, told = renew("f.nix", other, WANTED, replace=True)
    assert (data, len(told)) == (FIRST, 1)


def test_no_value_looks_like_a_mark() -> None:
    with pytest.raises(UsageError, match="marks"):
        renew("f.nix", None, PartText("flake", "a\n# <<< devkeel (flake)\n", {}), replace=False)


@pytest.mark.parametrize("line", [b"# what?", b"# []", b"#" + b"[" * 9999, b""])
def test_parameters_that_are_none_are_known_as_such(line: bytes) -> None:
    (part,) = find_parts("f.nix", FIRST.replace(b'  # {"name": "x"}', line))
    assert (part.parameters, part.edited) == (None, False)


# Of a few signs, for the first of all Unicode takes a second.
LINES = st.lists(st.text("a #{}<>\t\x0b\u2028\xe9\x00", max_size=12), max_size=6)
BODIES = st.lists(
    st.sampled_from(["a = 1;", "", "  b = 2;", "'' x '' ", "# c", "\u2028", "\x0b"]), min_size=1, max_size=6
)


@given(LINES, LINES, BODIES, BODIES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_whatever_stands_around_a_part_is_kept(
    above: list[str], below: list[str], old: list[str], new: list[str], end: str, ended: bool
) -> None:
    texts = ["".join(f"{line}\n" for line in body) for body in (old, new)]
    made = [renew("f", None, PartText("x", text, {}), replace=False)[0].decode() for text in texts]
    start = "".join(f"{line}{end}" for line in above)
    rest = "".join(f"{line}{end}" for line in below)
    whole = [start + part.replace("\n", end) + rest for part in made]
    whole = whole if ended or rest else [text.removesuffix(end) for text in whole]
    data, told = renew("f", whole[0].encode(), PartText("x", texts[1], {}), replace=False)
    assert (data, told) == (whole[1].encode(), ())


@given(BODIES, BODIES, BODIES)
def test_whatever_is_changed_in_a_part_is_not_taken_away(old: list[str], hand: list[str], new: list[str]) -> None:
    before, by_hand, after = ("".join(f"{line}\n" for line in body) for body in (old, hand, new))
    made = PartText("x", before, {}).lines()
    edited = "".join(f"{line}\n" for line in (*made[:2], *hand, made[-1])).encode()
    try:
        data, _ = renew("f", edited, PartText("x", after, {}), replace=False)
    except Refused as error:
        assert error.code == "generated_part_edited"
        assert by_hand not in (before, after)
    else:
        left = find_parts("f", data)[0].text
        assert by_hand in (before, after) or left == by_hand
        assert "".join(left.split()) == "".join(after.split())
