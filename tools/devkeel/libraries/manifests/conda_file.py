"""Libraries in conda's environment.yml: match specifications, and what pip installs beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.libraries.request import bad_library, refused
from devkeel.source import Edited, yaml
from devkeel.source.splice import Splice, apply
from devkeel.source.substitution import exchange
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.libraries.request import Plan, Request

__all__ = ["NAMES", "edit", "load", "specifications"]

NAMES = ("environment.yml", "environment.yaml")
_BY_HAND = f"Write this change with {do('patch')}."
# A MatchSpec (CEP 29), of which environment.yml is a list (CEP 24), without its brackets: what they add may be a URL. A
# channel is a name, no path and no option.
_SPEC = re.compile(r"(?:\w[\w.-]*(?:/\w[\w.-]*)*::)?(?P<name>[A-Za-z0-9_][\w.-]*)\s*(?P<rest>(?:[=<>!~ ][^\[\]]*)?)")


def load(data: bytes, name: str, *, texts: bool = False) -> dict[str, Any]:
    """Return what the file says, an empty table where it says nothing. texts: every value as the text that it is."""
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that only conda's file needs)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        found = YAML(typ="base" if texts else "safe", pure=True).load(data.decode())
    except (YAMLError, ValueError, RecursionError) as error:
        raise refused(
            "syntax_error",
            "The file does not parse.",
            name,
            f"Repair the syntax with {do('patch')}, then repeat the edit.",
        ) from error
    return found if isinstance(found, dict) else {}


def specifications(model: dict[str, Any]) -> tuple[str, ...]:
    """Return the match specifications among the dependencies; what pip installs is not one."""
    known = model.get("dependencies")
    return tuple(item for item in known if isinstance(item, str)) if isinstance(known, list) else ()


def _name(spec: str) -> str | None:
    found = _SPEC.fullmatch(spec.strip())
    # CEP 26: a package of conda has a name in lower case.
    return found["name"].lower() if found else None


def edit(plan: Plan, request: Request) -> None:
    """Add or remove match specifications."""
    if request.group is not None:
        raise refused("no_groups", "conda has no dependency groups.", plan.manifest, "Leave the group out.")
    done = set[str]()
    for item in request.names:
        name = _name(item)
        if name is None:
            raise bad_library(item, "it is no match specification", "numpy, numpy=1.26 or numpy>=1.26,<2")
        data = plan.data(plan.manifest)
        document = yaml.Document(data, plan.manifest)
        known = specifications(load(data, plan.manifest))
        # Two versions in one request are both written, so that the solver says why they cannot be.
        twice = name in done and not request.remove
        same = [] if twice else [spec for spec in known if _name(spec) == name]
        plan.take(plan.manifest, _edited(document, item, name, same, remove=request.remove))
        done.add(name)


def _edited(document: yaml.Document, item: str, name: str, same: list[str], *, remove: bool) -> Edited:
    if len(same) > 1:
        raise refused("opaque_value", f"{name} stands in dependencies more than once.", document.name, _BY_HAND)
    if not same:
        if remove:
            return Edited(document.data, notes=(f"{name} is not in dependencies.",))
        return yaml.append(document, "dependencies", item)
    if not remove and item in (same[0], name):
        return Edited(document.data, notes=(f"{same[0]} is already in dependencies.",))
    model = load(document.data, document.name)
    old = model["dependencies"]
    model["dependencies"] = [item if spec == same[0] else spec for spec in old if not remove or spec != same[0]]
    found = _line(document, same[0], None if remove else item, model)
    if found is None:
        raise refused("opaque_value", f"Where {same[0]!r} stands is not certain.", document.name, _BY_HAND)
    return found


def _line(document: yaml.Document, old: str, new: str | None, wanted: dict[str, Any]) -> Edited | None:
    """Return the edit of the one line `- old`, or of the quoted element."""
    text = document.data.decode()
    for match in re.finditer(
        rf"^[ \t]*-[ \t]+(?P<item>{re.escape(old)})[ \t]*(?:#.*)?(?:\r?\n|\Z)", text, re.MULTILINE
    ):
        start, end = match.span("item") if new is not None else match.span()
        edited = apply(
            document.data, [Splice(len(text[:start].encode()), len(text[:end].encode()), (new or "").encode())]
        )
        if load(edited.data, document.name) == wanted:
            return edited
    return exchange(document.data, old, new, wanted, lambda data: load(data, document.name))
