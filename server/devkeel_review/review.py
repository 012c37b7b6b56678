"""One page that is served: of which project, for whom, and what may be done on it."""

from __future__ import annotations

from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

from msgspec import Struct

from devkeel import __version__
from devkeel.api import Environment
from devkeel.disclosure.output import Disclosure
from devkeel.policy.permission import EVERYTHING, Limit
from devkeel.policy.roles import Caller
from devkeel.project.root import Project
from devkeel.runtime.jobs import Jobs
from devkeel_review.checked import Checked
from devkeel_words.speech import as_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from devkeel.policy.permission import Permission
    from devkeel.policy.roles import NamedRole

__all__ = ["May", "Review"]

T = TypeVar("T")
May = Literal["write", "execute"]
_LOOKING = frozenset({"read"})
# What each flag of the start gives beside looking. A program that runs may be fetched and built first.
_GIVES: dict[May, frozenset[str]] = {
    # To publish, or to trust who does, has no act of its own here: a person agrees to it.
    "write": frozenset({"write", "publish"}),
    "execute": frozenset({"build", "execute", "network"}),
}


class Review(Struct, frozen=True, dict=True):
    """A page over one project.

    user: the name of the person whose page it is. may: what the page was started to do beside looking. roles: those
    that the page is held to. backend: the one that the start names.
    """

    root: Path
    user: str
    may: frozenset[May] = frozenset()
    roles: tuple[NamedRole, ...] = ()
    backend: str | None = None

    @property
    def permission(self) -> Permission:
        """What the page may do at most: each flag that it was not started with is a rule of its own."""
        allowed = EVERYTHING
        for flag in sorted(_GIVES.keys() - self.may):
            given = [names for name, names in _GIVES.items() if name != flag]
            names = _LOOKING.union(*given)
            allowed = allowed.within(Limit(names, f"a page without --{flag}", whose="whoever starts the page"))
        return allowed

    @cached_property
    def disclosure(self) -> Disclosure:
        """What may be shown of the project, in the words of the page."""
        return Disclosure(self.root, speaker=as_link)

    @cached_property
    def jobs(self) -> Jobs:
        """The jobs of this process, which its calls share."""
        return Jobs(Project(self.root).state)

    @cached_property
    def checked(self) -> Checked:
        """What was checked on the page."""
        return Checked()

    def environment(self) -> AbstractContextManager[Environment]:
        """Open the environment for one call, whose results are as they are: not yet what may be shown."""
        return closing(self._open())

    def call(self, work: Callable[[Environment], T]) -> T:
        """Run a verb in this thread, and return what may be shown of its result; raises DevkeelError as it."""
        with self.environment() as environment:
            return self.disclosure.data(work(environment))

    def stream(self, work: Callable[[Environment], Iterator[T]]) -> Iterator[T]:
        """Yield what a verb yields, each as it may be shown."""
        with self.environment() as environment:
            for item in work(environment):
                yield self.disclosure.data(item)

    def _open(self) -> Environment:
        return Environment(
            self.root,
            actor=f"devkeel review {__version__} ({self.user})",
            jobs=self.jobs,
            backend=self.backend,
            permission=self.permission,
            caller=Caller("command", roles=self.roles),
        )

    def close(self) -> None:
        """End the jobs that the page began."""
        self.jobs.close()
