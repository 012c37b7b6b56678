"""What a team shares: devkeel.toml."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from devkeel.deferred import Deferred
from devkeel.errors import Place, ProjectError, UsageError
from devkeel.project.contents import described_in
from devkeel.project.envrc import why_no_prompt
from devkeel.project.roles import CALLERS, ROLES, RoleTable, roles_in
from devkeel.project.root import SETTINGS
from devkeel.source.option_glob import parse_option_glob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.project import distribution, gates, rules
    from devkeel.project import events as listening
    from devkeel.project.contents import DescribedEnvironment
    from devkeel.project.distribution import Builder, Cache
    from devkeel.project.events import EventSettings
    from devkeel.project.gates import Gates
    from devkeel.project.root import Reader
    from devkeel.project.rules import Rules
else:
    distribution = Deferred("devkeel.project.distribution")
    listening = Deferred("devkeel.project.events")
    rules = Deferred("devkeel.project.rules")
    gates = Deferred("devkeel.project.gates")

__all__ = ["BACKENDS", "REFERENCE_RULES", "Guarding", "Retention", "Settings", "read_settings"]


class Retention(Struct, frozen=True):
    """How much history is kept; the oldest goes first. The content that each file was left with always stays.

    days: None for ever. operations: how many. bytes: on disk, compressed.
    """

    days: float | None = None
    operations: int = 20_000
    bytes: int = 512 * 1024 * 1024


class Guarding(Struct, frozen=True):
    """What a host's hook does with a tool of the agent: deny, ask, tell, or off; for files and for installs."""

    files: Literal["deny", "ask", "tell", "off"] = "deny"
    installs: Literal["deny", "ask", "tell", "off"] = "deny"


class Settings(Struct, frozen=True):
    """The settings that a team shares.

    level: the check level of writes that name none. protected: globs over option paths that no edit may change, nor
    anything below them. lock_timeout: seconds to wait for another process. job_after: seconds after which a call that
    runs something is answered with a job. keep: how much history to keep (`history_days`, `history_operations`,
    `history_mib`). direnv_allow: whether devkeel allows the .envrc that it wrote. backend: what realises the
    environment. environment: the name of the one that is meant where a call names none. micromamba: the URL of a
    directory to install it from, when that is asked for. guard: what hooks do with the agent's own tools.
    environments: those that are described, by name. prompt: what the shell's prompt shows of the environment
    (`{backend}`, `{env_name}`), False for nothing. lock_file_policy: what a lock that is stale or missing is: warn,
    strict (an error), ignore. references: rules for what inputs may refer to. caches, builders: what store paths may
    come from, and which machines build. events: which listeners get events, None for none. rules: what a change may
    bring in, None without `[rules]`. roles: what callers may do, and who has which. gates: how good the
    tests have to be, None without `[gates]`.
    """

    level: str | None = None
    protected: tuple[str, ...] = ()
    lock_timeout: float = 10.0
    job_after: float = 40.0
    keep: Retention = field(default_factory=Retention)
    direnv_allow: bool = False
    backend: str | None = None
    environment: str | None = None
    micromamba: str | None = None
    guard: Guarding = Guarding()
    lock_file_policy: str = "warn"
    environments: Mapping[str, DescribedEnvironment] = {}
    prompt: str | bool | None = None
    references: tuple[str, ...] = ()
    caches: tuple[Cache, ...] = ()
    builders: tuple[Builder, ...] = ()
    events: EventSettings | None = None
    rules: Rules | None = None
    roles: RoleTable = RoleTable()
    gates: Gates | None = None


_GIVEN = ("level", "direnv_allow", "backend", "environment", "micromamba", "prompt", "lock_file_policy")


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
    "prompt": (str, bool),
    "guard": (str, dict),
    "lock_file_policy": (str,),
    "environments": (dict,),
    "references": (list,),
    "caches": (list,),
    "builders": (list,),
    "events": (dict,),
    "rules": (dict,),
    ROLES: (dict,),
    CALLERS: (dict,),
    "gates": (dict,),
}
# `devkeel.backends.registry` has a row for each.
BACKENDS = ("devenv", "flake", "conda", "venv")
# `devkeel.checks.reference_rules` has a row for each.
REFERENCE_RULES = ("github-only", "forges-only", "no-path", "no-registry", "pinned", "exact")
_ITEM = re.compile(r"\s*\[\[([^\[\]]+)\]\]")
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]")
_ENTRY = re.compile(r"\s*([\w.\"'-]+)\s*=")
_POLICIES = ("warn", "strict", "ignore")
_GUARDS = ("deny", "ask", "tell", "off")


def read_settings(project: Reader) -> Settings:
    """Return the settings of a project; without a devkeel.toml the defaults. Raises ProjectError `bad_settings`."""
    data = project.read(SETTINGS)
    return Settings() if data is None else _settings_in(data)


@lru_cache(maxsize=4)  # a call reads them for each of its verbs, and a server for each call
def _settings_in(data: bytes) -> Settings:
    found = _loaded(data)
    for name, value in found.items():
        kinds = _KINDS.get(name, ())
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            known = () if kinds else tuple(_KINDS)
            raise _bad(f"{name} = {value!r} is not a setting of this kind", line_of(data, (name,)), known)
    protected = found.get("protected", [])
    if not all(isinstance(item, str) for item in protected):
        raise _bad("protected takes a list of option paths", line_of(data, ("protected",)))
    for item in protected:
        _require_glob(data, item)
    why = why_no_prompt(found["prompt"]) if isinstance(found.get("prompt"), str) else None
    if why is not None:
        raise _bad(f"prompt = {found['prompt']!r}. {why.rstrip('.')}", line_of(data, ("prompt",)))
    if found.get("lock_file_policy", _POLICIES[0]) not in _POLICIES:
        raise _bad(f"lock_file_policy is one of {', '.join(_POLICIES)}", line_of(data, ("lock_file_policy",)))
    given: dict[str, Any] = {name: found[name] for name in _GIVEN if name in found}
    given |= {name: float(found[name]) for name in _SECONDS if name in found}
    given["references"] = _references(data, found.get("references", []))

    def wrong(why: str, keys: tuple[str, ...]) -> ProjectError:
        return _bad(why, line_of(data, keys))

    given["environments"] = described_in(found.get("environments", {}), BACKENDS, wrong)
    given["caches"] = distribution.caches_in(found["caches"], wrong) if "caches" in found else ()
    given["builders"] = distribution.builders_in(found["builders"], wrong) if "builders" in found else ()
    given["events"] = listening.events_in(found["events"], wrong) if "events" in found else None
    if "rules" in found:
        given["rules"] = rules.rules_in(found["rules"], REFERENCE_RULES, wrong, lambda keys: line_of(data, keys))
        given["references"] = tuple(dict.fromkeys((*given["references"], *given["rules"].reference_rules)))
    given["roles"] = roles_in(found.get(ROLES, {}), found.get(CALLERS, {}), wrong, lambda keys: line_of(data, keys))
    given["gates"] = gates.gates_in(found["gates"], wrong) if "gates" in found else None
    given["guard"] = _guard(data, found.get("guard", {}))
    return Settings(protected=tuple(protected), keep=_keep(found), **given)


def _require_glob(data: bytes, text: str) -> None:
    try:
        if parse_option_glob(text):
            return
        why = "this is no option path."
    except UsageError as error:
        why = error.message
    raise _bad(f"protected has {text[:200]!r}: {why.rstrip('.')}", line_of(data, ("protected",)))


def tables_of(data: bytes) -> dict[str, Any]:
    """Return what devkeel.toml has, not judged. Raises ProjectError `bad_settings`."""
    return _loaded(data)


def _loaded(data: bytes) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415  (6 ms that a project without settings does not need)

    try:
        return tomllib.loads(data.decode())
    except ValueError:  # not TOML, not UTF-8: tomlkit says where
        pass
    import tomlkit  # noqa: PLC0415  (30 ms that settings which can be read do not need)
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415  (with the 30 ms)

    try:
        found: dict[str, Any] = tomlkit.parse(data.decode()).unwrap()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise _bad(str(error), getattr(error, "line", None)) from error
    return found


def _references(data: bytes, found: list[Any]) -> tuple[str, ...]:
    for name in found:
        if name not in REFERENCE_RULES:
            why = f"references takes a list of {', '.join(REFERENCE_RULES)}"
            raise _bad(why, line_of(data, ("references",)))
    return tuple(dict.fromkeys(found))


def _guard(data: bytes, found: str | Mapping[str, Any]) -> Guarding:
    given = {"files": found, "installs": found} if isinstance(found, str) else found
    for name, value in given.items():
        if name not in ("files", "installs") or value not in _GUARDS:
            why = f"guard takes {', '.join(_GUARDS)}, for all or for files and installs each"
            raise _bad(why, line_of(data, ("guard",)))
    return Guarding(**given)


def _keep(found: Mapping[str, Any]) -> Retention:
    for name in ("history_days", "history_operations", "history_mib"):
        if found.get(name, 1) <= 0:
            raise _bad(f"{name} is more than 0")
    keep = Retention()
    return Retention(
        days=found.get("history_days", keep.days),
        operations=found.get("history_operations", keep.operations),
        bytes=int(found["history_mib"] * 1024 * 1024) if "history_mib" in found else keep.bytes,
    )


def line_of(data: bytes, keys: tuple[str, ...]) -> int | None:
    """Return the line of a key of a TOML file, of its table where the key itself is not found.

    The tables of an array go by their number from 0. It is for people to find the place by: a file that is read by
    now, so that text is looked at and no grammar.
    """
    table, found, nearest, wanted = "", None, "", ".".join(keys)
    items = Counter[str]()
    for number, text in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        header, item = _HEADER.match(text), _ITEM.match(text)
        table = f"{header[1]}." if header else table
        if item:
            table = f"{item[1]}.{items[item[1]]}."
            items[item[1]] += 1
        entry = _ENTRY.match(text)
        here = re.sub(r"[\s\"']", "", table + (entry[1] if entry else "")).rstrip(".")
        if here == wanted:
            return number
        if len(here) > len(nearest) and wanted.startswith(f"{here}."):
            found, nearest = number, here
    return found


def _bad(why: str, line: int | None = None, known: tuple[str, ...] = ()) -> ProjectError:
    return ProjectError(
        "bad_settings",
        f"The settings cannot be used: {why}.",
        place=Place(SETTINGS, line),
        remedy=f"Known settings: {', '.join(known)}." if known else "Correct what it names.",
        alternatives=known,
    )
