"""What goes first is known in the whole process, and ends with what it was."""

from __future__ import annotations

import os
import threading

from devkeel.system import precedence


def test_it_is_known_while_any_of_it_goes_on() -> None:
    assert not precedence.is_busy()
    with precedence.First():
        with precedence.First():
            assert precedence.is_busy()
        assert precedence.is_busy()
    assert not precedence.is_busy()


def test_it_ends_where_it_fails_too() -> None:
    try:
        with precedence.First():
            raise ValueError  # noqa: TRY301  (what is tried)
    except ValueError:
        pass
    assert not precedence.is_busy()


def test_one_thread_ends_only_its_own() -> None:
    entered, leave = threading.Event(), threading.Event()

    def work() -> None:
        with precedence.First():
            entered.set()
            assert leave.wait(60)

    thread = threading.Thread(target=work)
    thread.start()
    assert entered.wait(60)
    with precedence.First():
        pass
    assert precedence.is_busy()
    leave.set()
    thread.join()
    assert not precedence.is_busy()


def test_the_child_of_a_fork_has_none_of_its_parents() -> None:
    with precedence.First():
        child = os.fork()
        if not child:
            os._exit(int(precedence.is_busy()))
        assert os.waitpid(child, 0)[1] == 0
        assert precedence.is_busy()
