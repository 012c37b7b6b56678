"""Logs by cursor: capped, cleaned, masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.errors import DevkeelError

from .conftest import LONG, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import World

    Make = Callable[..., World]

pytestmark = pytest.mark.nix
# Says a line for each line that the test writes into a file.
ECHO = "touch said; exec tail -n +1 -f said"


def test_a_cursor_goes_on_where_the_last_look_ended(world: Make) -> None:
    here = world(f'processes.a.exec = "{ECHO}"; processes.b.exec = "{LONG}";')
    here.manage("start")
    (here.root / "said").write_text("one\n")
    until(lambda: "one" in here.environment.processes("a").logs[0].stdout)
    first = here.environment.processes("a").logs[0]
    assert first.stdout == "one\n"
    with (here.root / "said").open("a") as said:
        said.write("two\n")
    until(lambda: here.environment.processes("a", cursor=first.cursor).logs[0].stdout == "two\n")
    second = here.environment.processes("a", cursor=first.cursor).logs[0]
    assert here.environment.processes("a", cursor=second.cursor).logs[0].stdout == ""
    assert not here.environment.processes("a", cursor=second.cursor).logs[0].anew
    here.manage("restart")
    until(lambda: here.environment.processes("a").logs[0].stdout == "one\ntwo\n")
    third = here.environment.processes("a", cursor=second.cursor).logs[0]
    assert (third.stdout, third.anew) == ("one\ntwo\n", True)
    here.manage("stop")
    last = here.environment.processes("a", cursor=third.cursor).logs[0]
    assert (last.stdout, last.anew) == ("", False)


def test_a_flood_is_cut_at_a_line(world: Make) -> None:
    here = world(f'processes.a.exec = "{ECHO}";')
    here.manage("start")
    (here.root / "said").write_text("".join(f"line {number}\n" for number in range(50_000)))
    until(lambda: "line 49999\n" in here.environment.processes("a", limit=1_000).logs[0].stdout)
    log = here.environment.processes("a", limit=1_000).logs[0]
    assert log.cut
    assert len(log.stdout) <= 1_000
    assert log.stdout.startswith("line 49")


def test_what_a_process_writes_cannot_drive_a_terminal_or_tell_a_secret(world: Make) -> None:
    here = world(f'processes.a.exec = "{ECHO}"; env.DB_PASSWORD = "correct-horse"; env.CITY = "Ghent-on-Leie";')
    here.manage("start")
    written = (
        "\x1b]0;t\x07\x1b[31mred\x1b[0m \u202ex\nwith correct-horse in Ghent-on-Leie\nAPI_TOKEN=abcdef123456\nend\n"
    )
    (here.root / "said").write_text(written)
    until(lambda: "end\n" in here.environment.processes("a").logs[0].stdout)
    told = here.environment.processes("a").logs[0].stdout
    assert not {"\x1b", "\x07", "\u202e"} & set(told)
    assert "correct-horse" not in told
    assert "abcdef123456" not in told
    assert "Ghent-on-Leie" in told


def test_logs_stay_after_a_stop(world: Make) -> None:
    here = world('processes.a.exec = "echo hello; exec sleep 600";')
    here.manage("start")
    until(lambda: here.environment.processes("a").logs[0].stdout == "hello\n")
    here.manage("stop")
    seen = here.environment.processes("a")
    assert not seen.running
    assert seen.logs[0].stdout == "hello\n"


def test_without_a_name_those_that_failed_tell_their_last_words(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}"; processes.b.exec = "echo wrong >&2; exit 3";')
    with pytest.raises(DevkeelError):
        here.manage("start")
    seen = here.environment.processes()
    assert [(log.name, set(log.stderr.split())) for log in seen.logs] == [("b", {"wrong"})]
    assert {item.name: item.restart_count for item in seen.processes} == {"a": 0, "b": 5}


@pytest.mark.parametrize("cursor", ["", "1", "1-2-x", "-1-2-3"])
def test_a_cursor_that_is_none_is_refused(world: Make, cursor: str) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    here.manage("start")
    for name in ("a", None):
        with pytest.raises(DevkeelError) as caught:
            here.environment.processes(name, cursor=cursor)
        assert caught.value.code == "bad_cursor"


def test_looking_creates_nothing(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    before = sorted(here.root.rglob("*"))
    assert not here.environment.processes().running
    with pytest.raises(DevkeelError) as caught:
        here.environment.processes("a")
    assert caught.value.code == "unknown_process"
    assert sorted(here.root.rglob("*")) == before
