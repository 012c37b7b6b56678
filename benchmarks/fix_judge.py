"""Whether a proposed list of edits is one that a case accepts.

A case has `fixes`: each is a wanted edit with its allowed forms, `all` of several, or `none`. An edit is one of
devkeel's, or `run` with a command. A proposal is right when its edits satisfy one fix and nothing is left over but what
the fix calls optional.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["is_right"]

Edit = dict[str, Any]
_NAMING = ("add_packages", "remove_packages", "add_library", "remove_library")
_ENABLING = re.compile(r"(services|languages)\.[\w-]+\.enable|android\.enable")


def is_right(case: dict[str, Any], edits: list[Edit]) -> bool:
    """Return whether a case accepts a proposal; no edits is the proposal to change nothing."""
    single = _single(edits)
    for fix in case["fixes"]:
        if fix["kind"] == "none":
            if not single:
                return True
            continue
        left = _left(fix, single)
        if left is not None and all(_is_optional(edit, _optional(fix)) for edit in left):
            return True
    return False


def _single(edits: list[Edit]) -> list[Edit]:
    """Return the edits, each about one thing, with an option that enables something as the edit that does."""
    found = list[Edit]()
    for edit in edits:
        if edit["kind"] in _NAMING:
            found += [{**edit, "names": [name]} for name in edit["names"]]
        elif edit["kind"] == "set" and edit.get("value") is True and _ENABLING.fullmatch(edit["path"]):
            found.append({"kind": "enable", "name": edit["path"].removesuffix(".enable")})
        else:
            found.append(edit)
    return found


def _left(fix: Edit, edits: list[Edit]) -> list[Edit] | None:
    """Return the edits that a fix does not take, None where it is not satisfied."""
    if fix["kind"] == "none":
        return edits
    if fix["kind"] == "all":
        left: list[Edit] | None = edits
        for part in fix["of"]:
            left = _left(part, left) if left is not None else None
        return left
    for edit in edits:
        others = [other for other in edits if other is not edit]
        left = _taken(fix, edit, others)
        if left is not None:
            return left
    return None


def _taken(fix: Edit, edit: Edit, others: list[Edit]) -> list[Edit] | None:  # noqa: PLR0911, C901  (a row for each kind)
    kind, given = fix["kind"], edit["kind"]
    if kind in ("add_packages", "remove_packages"):
        same = given == kind and _attribute(edit["names"][0]) in fix["any_of"]
        return others if same and (edit.get("inside") or None) == fix.get("inside") else None
    if kind == "replace_package":
        return _replaced(fix, edit, others)
    if kind in ("add_library", "remove_library"):
        return others if given == kind and _is_library(fix, edit) else None
    if kind == "enable_service":
        named = given == "enable" and edit["name"] in (fix["name"], fix["name"].partition(".")[2])
        return _with_settings(fix, edit, others) if named else None
    if kind == "disable":
        off = given == "disable" and "services." + edit["name"].removeprefix("services.") == fix["name"]
        return others if off or (given == "unset" and edit["path"].startswith(fix["name"])) else None
    if kind in ("set", "append"):
        return others if _is_set(fix, edit) else None
    if kind == "unset":
        return others if given == kind and edit["path"] == fix["path"] else None
    if kind == "rename":
        pairs = {(fix["path"] + end, fix["to"] + end) for end in ("", ".enable")}
        return others if given == kind and (edit["path"], edit["to"]) in pairs else None
    if kind == "set_input":
        return others if given == kind and (edit["name"], edit["url"]) == (fix["name"], fix["url"]) else None
    if kind == "run":
        wanted = {" ".join(item.split()) for item in fix["any_of"]}
        return others if given == kind and " ".join(edit["command"].split()) in wanted else None
    return others if given == kind and (edit["old"], edit["new"]) == (fix["old"], fix["new"]) else None


def _attribute(name: str) -> str:
    return name.removeprefix("pkgs.")


def _replaced(fix: Edit, edit: Edit, others: list[Edit]) -> list[Edit] | None:
    if edit["kind"] == "remove_packages" and _attribute(edit["names"][0]) == fix["from"]:
        for other in others:
            if other["kind"] == "add_packages" and _attribute(other["names"][0]) in fix["to_any_of"]:
                return [item for item in others if item is not other]
    by_text = edit["kind"] == "replace_text" and fix["from"] in edit["old"]
    return others if by_text and any(name in edit["new"] for name in fix["to_any_of"]) else None


_PYTHON_NAME = re.compile(r"\s*([@A-Za-z0-9._/-]+)(.*)", re.DOTALL)


def _library(language: str, text: str) -> tuple[str, str]:
    """Return the name of a library and what it says of the version."""
    if language == "python":
        found = _PYTHON_NAME.match(text.split("[", maxsplit=1)[0].split(";", maxsplit=1)[0])
        name, rest = (found[1], found[2]) if found else (text, "")
        extra = _PYTHON_NAME.match(text)
        return re.sub(r"[-_.]+", "-", name).lower(), (extra[2].strip() if extra else rest)
    if language in ("javascript", "go"):
        return re.sub(r"(?<=.)@[^/@]*$", "", text), ""
    return re.split(r"[@ ]", text)[0], ""


def _is_library(fix: Edit, edit: Edit) -> bool:
    language = fix["language"]
    if edit.get("language") != language:
        return False
    name, version = _library(language, edit["names"][0])
    if name not in {_library(language, item)[0] for item in fix["any_of"]}:
        return False
    if "version" in fix and not _is_version(fix["version"], version):
        return False
    return not fix.get("group") or edit.get("group") in (fix["group"], "dev", "test", "tests")


def _is_version(wanted: str, given: str) -> bool:
    if sorted(part.strip() for part in wanted.split(",")) == sorted(part.strip() for part in given.split(",")):
        return True
    if not (wanted.startswith("<") and given.startswith("<")):
        return False
    return float(re.sub(r"[^0-9.]", "", given).split(".")[0] or 0) <= float(wanted[1:].split(".", maxsplit=1)[0])


def _with_settings(fix: Edit, edit: Edit, others: list[Edit]) -> list[Edit] | None:
    """Return what is left when the settings that an enabling wants stand in it, or as edits beside it."""
    left = list(others)
    for key, wanted in fix.get("settings", {}).items():
        allowed = wanted["any_of"] if isinstance(wanted, dict) and "any_of" in wanted else [wanted]
        if edit.get("settings", {}).get(key) in allowed:
            continue
        path = f"{fix['name']}.{key}"
        beside = [
            item
            for item in left
            if item["kind"] == "set"
            and item["path"] == path
            and (item.get("value") in allowed or item.get("expression", "").strip('"') in allowed)
        ]
        if not beside:
            return None
        left.remove(beside[0])
    return left


def _is_set(fix: Edit, edit: Edit) -> bool:
    if edit["kind"] == "enable":
        name = f"{edit['name']}.enable"
        return fix["kind"] == "set" and name == fix["path"] and True in fix.get("value_any_of", [])
    one, two = ((item.get("path"), item.get("file", "devenv.nix")) for item in (edit, fix))
    if one != two:
        return False
    if edit["kind"] == fix["kind"]:
        return _has_value(fix, edit)
    if fix["kind"] != "append" or edit["kind"] not in ("set", "prepend"):
        return False
    value = edit.get("value")
    if any(_has_value(fix, {"value": item}) for item in (value if isinstance(value, list) else [value])):
        return True
    contained = fix.get("expression_contains", fix.get("expression_any_of", ["\0"])[:1])
    return _has_value({**fix, "expression_contains": contained}, edit)


def _has_value(fix: Edit, edit: Edit) -> bool:
    if "value" in edit:
        value = edit["value"]
        if any(_same(value, wanted) for wanted in fix.get("value_any_of", [])):
            return True
        return "value_pattern" in fix and isinstance(value, str) and bool(re.search(fix["value_pattern"], value))
    text = edit.get("expression", "")
    if any(_same(text, wanted) for wanted in fix.get("expression_any_of", [])):
        return True
    if "expression_contains" in fix and all(part in text for part in fix["expression_contains"]):
        return True
    literal = text.strip().strip('"')
    plain = [wanted for wanted in fix.get("value_any_of", []) if not isinstance(wanted, list)]
    if any(str(wanted).lower() == literal.lower() for wanted in plain):
        return True
    return "value_pattern" in fix and bool(re.search(fix["value_pattern"], literal))


def _same(one: object, two: object) -> bool:
    return one == two or (isinstance(one, str) and isinstance(two, str) and one.strip() == two.strip())


def _optional(fix: Edit) -> set[str]:
    return set(fix.get("optional", [])).union(*(_optional(part) for part in fix.get("of", [])))


def _is_optional(edit: Edit, optional: set[str]) -> bool:
    if edit["kind"] in ("add_packages", "append"):
        return _attribute((edit.get("names") or [edit.get("expression", "")])[0]) in optional
    return edit["kind"] == "set" and edit["path"] in optional
