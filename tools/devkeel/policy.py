"""The policy: what the project's own settings (`devkeel.toml`) allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from devkeel.catalogue.renamed import old_names
from devkeel.errors import DevkeelError, Place, PolicyRefused, ProjectError
from devkeel.project import SETTINGS, Project
from devkeel.protection import says_about
from devkeel.source import nix
from devkeel.transaction import Keep

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from devkeel.project import Reader

__all__ = ["SETTINGS", "Settings", "judge", "judge_file", "read_settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that a team shares.

    level: the check level of writes that name none. protected: option paths that no edit may change, nor anything
    below them. lock_timeout: seconds to wait for another process. job_after: seconds after which a call that runs
    something is answered with a job. keep: how much history to keep (`history_days`, `history_operations`,
    `history_mib`). direnv_allow: whether devkeel allows the .envrc that it wrote. backend: what realises the
    environment. environment: the name of the one that is meant where nobody names one. micromamba: the URL of a
    directory to install it from, when that is asked for.
    """

    level: str | None = None
    protected: tuple[str, ...] = ()
    lock_timeout: float = 10.0
    job_after: float = 40.0
    keep: Keep = field(default_factory=Keep)
    direnv_allow: bool = False
    backend: str | None = None
    environment: str | None = None
    micromamba: str | None = None


_GIVEN = ("level", "direnv_allow", "backend", "environment", "micromamba")
_SECONDS = ("lock_timeout", "job_after")
_KINDS: dict[str, tuple[type, ...]] = {
    "level": (str,),
    "protected": (list,),
    "lock_timeout": (int, float),
    "job_after": (int, float),
    "history_days": (int, float),
    "history_operations": (int,),
    "history_mib": (int, float),
    "backend": (str,),
    "environment": (str,),
    "micromamba": (str,),
    "direnv_allow": (bool,),
}


def read_settings(project: Reader) -> Settings:
    """Return the settings of a project; without a devkeel.toml the defaults. Raises ProjectError `bad_settings`."""
    data = project.read(SETTINGS)
    if data is None:
        return Settings()
    import tomlkit  # noqa: PLC0415  (30 ms that a project without settings does not need)
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        found: dict[str, Any] = tomlkit.parse(data.decode()).unwrap()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise _bad(str(error)) from error
    for name, value in found.items():
        kinds = _KINDS.get(name, ())
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise _bad(f"{name} = {value!r} is not a setting of this kind")
    protected = found.get("protected", [])
    if not all(isinstance(item, str) for item in protected):
        raise _bad("protected takes a list of option paths")
    for item in protected:
        nix.parse_path(item)
    given: dict[str, Any] = {name: found[name] for name in _GIVEN if name in found}
    given |= {name: float(found[name]) for name in _SECONDS if name in found}
    return Settings(protected=tuple(protected), keep=_keep(found), **given)


def _keep(found: Mapping[str, Any]) -> Keep:
    for name in ("history_days", "history_operations", "history_mib"):
        if found.get(name, 1) <= 0:
            raise _bad(f"{name} is more than 0")
    keep = Keep()
    return Keep(
        days=found.get("history_days", keep.days),
        operations=found.get("history_operations", keep.operations),
        bytes=int(found["history_mib"] * 1024 * 1024) if "history_mib" in found else keep.bytes,
    )


def _bad(why: str) -> ProjectError:
    return ProjectError(
        "bad_settings",
        f"The settings cannot be used: {why}.",
        place=Place(SETTINGS),
        remedy=f"Known settings: {', '.join(_KINDS)}.",
        alternatives=tuple(_KINDS),
    )


def judge(
    settings: Settings, project: Reader, before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]
) -> None:
    """Refuse a candidate that changes a protected option, or makes it uncertain, by whichever edit.

    Raises PolicyRefused `protected_option`. docs/settings.md says what counts.
    """
    if not settings.protected:
        return
    old = _Files(project, before)
    new = _Files(project, after)
    modules = old.profiles() | new.profiles()
    for path in settings.protected:
        for name in after:
            if any(old.say_about(item, name) != new.say_about(item, name) for item in _names_of(path, modules)):
                raise PolicyRefused(
                    "protected_option",
                    f"{path} is protected by {SETTINGS}, and this would change it, or what may define it.",
                    place=Place(name),
                    seen=path,
                    remedy=f"Ask a maintainer to change it, or to take it out of `protected` in {SETTINGS}.",
                )


def judge_file(path: Path, before: bytes | None, after: bytes) -> None:
    """Refuse what `judge` refuses for a file that is written by itself, in whichever project around it protects.

    path: absolute, links resolved.
    """
    for folder in path.parents:
        project = Project(folder)
        if project.exists(SETTINGS):
            name = path.relative_to(folder).as_posix()
            judge(read_settings(project), project, {name: before}, {name: after})


def _names_of(path: str, modules: Iterable[nix.AttrPath]) -> list[nix.AttrPath]:
    """Return the paths by which an option can be set: its own, the old ones, and those in the modules of profiles."""
    own = nix.parse_path(path)
    names = [own, *old_names(own)]
    return [*names, *((*module, *name) for module in modules for name in names)]


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of a project, with some of them as they are given."""

    project: Reader
    given: Mapping[str, bytes | None]

    def read(self, name: str) -> bytes | None:
        relative = self.project.resolve(name)
        return self.given[relative] if relative in self.given else self.project.read(relative)

    def profiles(self) -> set[nix.AttrPath]:
        """Return the paths of the modules of profiles."""
        found: set[nix.AttrPath] = set()
        for name, data in self.given.items():
            try:
                items = nix.Document(data or b"", name).definitions if name.endswith(".nix") else []
            except DevkeelError:
                continue
            paths = (item.path for item in items if item.path[:1] == ("profiles",) and "module" in item.path)
            found |= {path[: path.index("module") + 1] for path in paths}
        return found

    def say_about(self, path: nix.AttrPath, name: str) -> object:
        data = self.given.get(name)
        if data is None:
            return ()
        if name.endswith((".yaml", ".yml")):
            return _imports(data, name)
        return says_about(path, name, data, self.read) if name.endswith(".nix") else ()


def _imports(data: bytes, name: str) -> object:
    """Return what the `imports` of devenv.yaml are, or the whole file where that cannot be told."""
    from devkeel.source import yaml  # noqa: PLC0415  (30 ms that an edit of devenv.nix does not need)

    try:
        return yaml.get(yaml.Document(data, name), "imports")
    except KeyError:
        return ()
    except DevkeelError:
        return data
