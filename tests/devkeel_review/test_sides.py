"""A conflict is shown as both sides, each against what both began with; what cannot be told apart is no such view."""

from __future__ import annotations

from devkeel.text.merge import three_way_view
from devkeel_review.sides import places_of

BASE = b"{\n  a = 1;\n  b = 1;\n  c = 1;\n  d = 1;\n  e = 1;\n  f = 1;\n  g = 1;\n}\n"


def view(theirs: bytes, ours: bytes, base: bytes = BASE) -> str:
    found = three_way_view(base, theirs, ours)
    assert found
    return found


def test_each_side_is_shown_against_what_both_began_with() -> None:
    theirs, ours = BASE.replace(b"b = 1", b"b = 2"), BASE.replace(b"b = 1", b"b = <3>")
    found = places_of(view(theirs, ours), "devenv.nix")
    assert found is not None
    (place,), cut = found
    assert not cut
    signs = [[(line.sign, str(line.code)) for line in side if line.sign != " "] for side in (place.now, place.wanted)]
    assert [[sign for sign, _ in side] for side in signs] == [["-", "+"], ["-", "+"]]
    assert "<ins>" in signs[0][1][1]
    assert ">2<" in signs[0][1][1]
    assert "&lt;" in signs[1][1][1]
    assert place.line == 3


def test_each_place_is_one() -> None:
    theirs = BASE.replace(b"a = 1", b"a = 2").replace(b"g = 1", b"g = 2")
    ours = BASE.replace(b"a = 1", b"a = 3").replace(b"g = 1", b"g = 3")
    found = places_of(view(theirs, ours), "devenv.nix")
    assert found is not None
    assert [place.line for place in found[0]] == [2, 8]


def test_a_view_that_is_cut_has_its_whole_places() -> None:
    lines = b"".join(b"  x%d = 1;\n  y%d = 1;\n  z%d = 1;\n  v%d = 1;\n" % (n, n, n, n) for n in range(200))
    theirs, ours = (lines.replace(b"  x", b"  x%s" % name) for name in (b"theirs", b"ours"))
    found = places_of(view(theirs, ours, lines), "devenv.nix")
    assert found is not None
    places, cut = found
    assert cut
    assert 10 < len(places) < 200


def test_lines_of_the_file_that_look_like_marks_are_not_taken_apart() -> None:
    base = BASE.replace(b"  b = 1;\n", b"  b = 1;\n=======\n>>>>>>> ours\n")
    theirs, ours = base.replace(b"b = 1", b"b = 2"), base.replace(b"b = 1;\n=======", b"b = 3;\n<<<<<<< theirs")
    assert places_of(view(theirs, ours, base), "devenv.nix") is None
    assert places_of("", "devenv.nix") is None
    assert places_of("@@ line 9999999999 @@\n", "x") is None
