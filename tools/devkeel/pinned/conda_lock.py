"""conda-lock.yml: what it pins, by package and platform (conda-lock, conda_lock/lockfile/v1/models.py)."""

from __future__ import annotations

from typing import Any

from devkeel.pinned.held import Held

__all__ = ["pinned"]


def pinned(data: bytes) -> dict[str, Held]:
    """Return what the packages are held at, by name: one version, or one by platform where they differ.

    Raises ValueError and its like for what is no lock.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that only conda's file needs)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        model = YAML(typ="base", pure=True).load(data.decode())
    except YAMLError as error:
        raise ValueError("it does not parse") from error
    entries = dict[str, dict[str, dict[str, Any]]]()
    for item in model["package"]:
        entries.setdefault(str(item["name"]), {})[str(item["platform"])] = item
    return {name: _held(items) for name, items in entries.items()}


def _held(items: dict[str, dict[str, Any]]) -> Held:
    versions = {place: str(item["version"]) for place, item in sorted(items.items())}
    one = {*versions.values()}
    shown = next(iter(one)) if len(one) == 1 else ", ".join(f"{text} ({place})" for place, text in versions.items())
    return Held(shown, None, repr([(place, item["url"], item.get("hash")) for place, item in sorted(items.items())]))
