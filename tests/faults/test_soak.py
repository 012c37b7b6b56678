"""Two servers, somebody who saves the same file by hand, and kills: the history replays to the bytes on disk."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment

from .serving import Server, add, call

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.transaction import FileChange

    from .conftest import Tally

NAME = "devenv.nix"


class Human:
    """Saves the file now and then, as editors do: read, change a line of their own, replace the file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.saved: list[tuple[str, str]] = []

    def save(self) -> None:
        base = (self.root / NAME).read_text()
        kept = "".join(line for line in base.splitlines(keepends=True) if not line.startswith("# saved"))
        text = f"{kept}# saved {len(self.saved)}\n"
        (self.root / "editor.swap").write_text(text)
        (self.root / "editor.swap").rename(self.root / NAME)
        self.saved.append((base, text))


class Agent:
    """A server and a client that adds packages and undoes; a server that dies is started again."""

    def __init__(self, root: Path, seed: int, stop: threading.Event) -> None:
        self.root, self.random, self.stop = root, random.Random(seed), stop
        self.server: Server | None = None
        self.answers = 0

    def work(self) -> None:
        number = 10
        while not self.stop.is_set():
            try:
                with Server(self.root) as self.server:
                    while not self.stop.is_set():
                        number += 1
                        undo = self.random.random() < 0.3
                        name = f"p{self.random.randrange(30)}"
                        self.server.say(call(number, "undo") if undo else add(number, name))
                        while self.server.hear().get("id") != number:
                            pass
                        self.answers += 1
            except (OSError, json.JSONDecodeError):
                continue


@pytest.mark.fault(2, 18, 19, 21)
def test_two_servers_a_human_and_kills(root: Path, tally: Tally) -> None:
    seed = random.randrange(10**6)
    chance, stop = random.Random(seed), threading.Event()
    human, agents = Human(root), [Agent(root, seed + number, stop) for number in range(2)]
    threads = [threading.Thread(target=agent.work) for agent in agents]
    for thread in threads:
        thread.start()
    kills = 0
    pause = threading.Event()
    end = time.monotonic() + (60 if tally.full else 10)
    next_kill = time.monotonic() + 3
    while time.monotonic() < end:
        pause.wait(chance.uniform(0.02, 0.2))
        human.save()
        victim = chance.choice(agents).server
        if time.monotonic() > next_kill and victim is not None:
            victim.process.kill()
            kills += 1
            next_kill = time.monotonic() + chance.uniform(0.5, 2.5)
    stop.set()
    for thread in threads:
        thread.join()
    environment = Environment(root, actor="a test")
    environment.context.records.recover()
    told = f"seed {seed}, {kills} kills, {sum(agent.answers for agent in agents)} answers, {len(human.saved)} saves"
    tally.soak = f"{told}, {replay(environment, human, root)} operations"
    environment.close()


def replay(environment: Environment, human: Human, root: Path) -> int:
    """Go through the history from its beginning; every content is an operation's or the human's, and none is lost."""
    store = environment.context.records
    images: list[FileChange] = []
    before = None
    while page := store.history(limit=100, before=before):
        images += [image for operation in page for image in store.images(operation)]
        before = page[-1].id
    images.reverse()
    texts = {text for _, text in human.saved}
    now = images[0].before
    for image in images:
        assert image.path == NAME
        assert image.before is not None
        assert image.before == now or image.before.decode() in texts
        now = image.after
    found = (root / NAME).read_bytes()
    assert found == now or found.decode() == human.saved[-1][1]
    built_on = {image.before.decode() for image in images if image.before is not None}
    left = {image.after.decode() for image in images if image.after is not None}
    for (_, text), (base, _) in zip(human.saved, [*human.saved[1:], (found.decode(), "")], strict=True):
        # What was saved is what the next save began with, or what an operation was made of. A base that nobody left
        # behind was seen while an operation was being taken back.
        assert base == text or text in built_on or base not in left | texts
    assert not list(root.glob(".devkeel-*"))
    return len(images)
