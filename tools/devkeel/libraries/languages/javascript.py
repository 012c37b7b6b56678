"""JavaScript libraries in package.json; `name`, `name@range`, `@scope/name@range`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Place, Refused
from devkeel.libraries.request import LibraryPlan, bad_library, no_manifest, refused, require_reference
from devkeel.source import jsonc
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.request import Request
    from devkeel.source import Edited

__all__ = ["MANIFESTS", "plan"]

MANIFESTS = ("package.json",)
# npm installs what its rules for old packages allow (validate-npm-package-name): letters that need no escape in a URL,
# capitals too; no dot first, and a hyphen or an underscore first only behind a scope.
_LETTER = r"[A-Za-z0-9!~*'()._-]"
_NAME = re.compile(
    rf"(?P<name>(?!(?i:node_modules|favicon\.ico)(?:@|\Z))(?:@{_LETTER}+/(?!\.)|(?![._-])){_LETTER}+)"
    r"(?:@(?P<version>[^\s@][^\n\r]*))?"
)
# npm docs, package.json: peers are what whoever installs this package has to have beside it.
_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_GROUPS = {"prod": _SECTIONS[0], "dev": _SECTIONS[1], "optional": _SECTIONS[2], "peer": _SECTIONS[3]}
# Which sections a library leaves when it is asked for in another, as npm has it (@npmcli/arborist,
# lib/add-rm-pkg-deps.js): a library of production is no other, a peer may be one of development too.
_LEAVES = {
    "dependencies": ("devDependencies", "optionalDependencies", "peerDependencies"),
    "devDependencies": ("dependencies",),
    "optionalDependencies": ("dependencies", "peerDependencies"),
    "peerDependencies": ("dependencies", "optionalDependencies"),
}
_META = "peerDependenciesMeta"
_BUNDLES = ("bundleDependencies", "bundledDependencies")
# Where yarn, and pnpm below `pnpm`, take a version from whatever the sections say.
_FORCED = (("resolutions",), ("pnpm", "overrides"))
# A version that is written somewhere else, and a library that comes from somewhere else than the registry.
_ELSEWHERE = {"catalog": "pnpm-workspace.yaml or .yarnrc.yml", "workspace": "a package of this workspace"}
_SOURCE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):|(?P<place>\.{0,2}/|~/)|(?P<short>[\w.-]+/[\w.-]+)")
_ALIAS = re.compile(r"npm:(?P<name>@?[^@]+)")
# npm sorts the names of a section by itself when it saves, so that another order would be changed by the next install:
# by `localeCompare` of English (CLDR's root collation).
_SIGNS = "_-!.'()@*/~$0123456789abcdefghijklmnopqrstuvwxyz"


def plan(request: Request, read: Callable[[str], bytes | None]) -> LibraryPlan:
    """Return the edit of package.json. A name alone means any version, until npm has taken one."""
    name = request.file or MANIFESTS[0]
    if read(name) is None:
        raise no_manifest("JavaScript", MANIFESTS, request)
    if request.group is not None and request.group not in _GROUPS:
        raise refused(
            "no_groups", f"package.json has no group {request.group!r}.", name, "Use dev, optional, peer or prod."
        )
    section, made = _GROUPS.get(request.group or ""), LibraryPlan(name, read)
    for item in request.names:
        found = _NAME.fullmatch(item)
        if found is None and request.remove and _Package(made, item).stands:
            # What stands in the file may be taken out, whatever its name is.
            _Package(made, item).remove(section)
            continue
        if found is None:
            raise bad_library(item, "it is no name of npm", "lodash or lodash@^4.17.21")
        require_reference(item, found["version"] or "", "lodash or lodash@^4.17.21")
        package = _Package(made, found["name"])
        if request.remove:
            package.remove(section)
        else:
            package.add(found["version"], section)
    return made


class _Package(Struct):
    """One library of a manifest: where it stands, and how that changes."""

    made: LibraryPlan
    name: str

    def add(self, version: str | None, section: str | None) -> None:
        """Give it a version in every section where it stands, or put it into the one that is asked for."""
        known = self._known()
        wanted = [section] if section else [*known] or [_SECTIONS[0]]
        if version is None and section is None and known:
            said = " and ".join(f"{self.name}@{value} is already in {name}" for name, value in known.items())
            self._note(f"{said}.")
            return
        specifier = version or next(iter(known[name] for name in wanted if name in known), None)
        specifier = specifier or next(iter(known.values()), "*")
        for old in known.values():
            self._require_range(old, version)
        self._require_override(specifier, new=specifier not in known.values())
        leaves = [name for name in _LEAVES.get(section or "", ()) if name in known]
        if section == "peerDependencies" and "devDependencies" in known:
            wanted.append("devDependencies")
        if not leaves and all(known.get(name) == specifier for name in wanted):
            self._note(f"{self.name}@{specifier} is already in {' and '.join(wanted)}.")
            return
        for name in wanted:
            self._take(jsonc.set(self._document, (name, self.name), specifier, order=_order))
        for name in leaves:
            self._drop(name)
            self._note(f"{self.name} moves from {name} to {section}.")

    def remove(self, section: str | None) -> None:
        """Take it out of every section where it stands, or of the one that is asked for."""
        known = self._known()
        stands = [name for name in known if section in (None, name)]
        if not stands:
            asked = section or f"{', '.join(_SECTIONS[:-1])} or {_SECTIONS[-1]}"
            other = f" It is in {' and '.join(known)}." if known else ""
            self._note(f"{self.name} is not in {asked} of {self.made.manifest}.{other}")
            return
        for name in stands:
            self._drop(name)
        if len(stands) == len(known):
            self._unbundle()

    @property
    def stands(self) -> bool:
        """Whether a section names it."""
        return bool(self._known())

    @property
    def _document(self) -> jsonc.Document:
        return jsonc.Document(self.made.data(self.made.manifest), self.made.manifest, strict=True)

    def _take(self, edited: Edited) -> None:
        self.made.take(self.made.manifest, edited)

    def _note(self, text: str) -> None:
        self.made.notes.append(text)

    def _known(self) -> dict[str, str]:
        """Return what each section that names it says."""
        found: dict[str, str] = {}
        for section in _SECTIONS:
            table = _table(self._document, section)
            if self.name in table:
                value = table[self.name]
                if not isinstance(value, str):
                    raise _opaque(self.made.manifest, f"{section}.{self.name} is no text")
                found[section] = value
        return found

    def _drop(self, section: str) -> None:
        """Take it out of a section, and the section out of the file where nothing is left in it, as npm does."""
        table = _table(self._document, section)
        self._take(jsonc.unset(self._document, (section, self.name) if len(table) > 1 else (section,)))
        if section == "peerDependencies":
            meta = self._document.root.value.get(_META)
            if isinstance(meta, dict) and self.name in meta:
                self._take(jsonc.unset(self._document, (_META, self.name) if len(meta) > 1 else (_META,)))

    def _unbundle(self) -> None:
        for key in _BUNDLES:
            bundled = self._document.root.value.get(key)
            if isinstance(bundled, list) and self.name in bundled:
                rest = [item for item in bundled if item != self.name]
                if rest:
                    self._take(jsonc.remove_element(self._document, (key,), self.name))
                else:
                    self._take(jsonc.unset(self._document, (key,)))

    def _require_range(self, old: str, version: str | None) -> None:
        """Refuse a range of the registry for a library that comes from somewhere else: it would be another library."""
        found = _SOURCE.match(old)
        if version is None or version == old or found is None or _SOURCE.match(version):
            return
        alias = _ALIAS.match(old)
        if alias:
            raise refused(
                "ambiguous",
                f"{self.name} stands for {alias['name']} here ({old}); {version} of {self.name} is another library.",
                self.made.manifest,
                f"Ask for {self.name}@npm:{alias['name']}@{version}, or remove {self.name} first.",
            )
        scheme = (found["scheme"] or "").lower()
        source = f"its version is that of {_ELSEWHERE[scheme]}" if scheme in _ELSEWHERE else "it is no registry's"
        raise refused(
            "ambiguous",
            f"{self.name} is {old!r} here: {source}. {version} would take its place.",
            self.made.manifest,
            f"Remove {self.name} first, then add it with its version"
            + (f"; or change its version in {_ELSEWHERE[scheme]}." if scheme == "catalog" else "."),
        )

    def _require_override(self, specifier: str, *, new: bool) -> None:
        """Refuse a version that npm's `overrides` contradict (EOVERRIDE); name what else decides it."""
        model = self._document.root.value
        overrides = model.get("overrides")
        forced = overrides.get(self.name) if isinstance(overrides, dict) else None
        forced = forced.get(".") if isinstance(forced, dict) else forced
        if new and isinstance(forced, str) and forced not in (specifier, f"${self.name}"):
            raise refused(
                "ambiguous",
                f"overrides.{self.name} is {forced!r}; npm takes no other version of a library that is named directly.",
                self.made.manifest,
                f"Change overrides.{self.name} with {do('patch')} first, or ask for {self.name}@{forced}.",
            )
        for path in _FORCED:
            table = model
            for key in path:
                table = table.get(key) if isinstance(table, dict) else None
            value = table.get(self.name) if isinstance(table, dict) else None
            if value not in (None, specifier):
                self._note(f"{'.'.join(path)}.{self.name} is {value!r}, which counts whatever the sections say.")


def _table(document: jsonc.Document, table: str) -> dict[str, Any]:
    """Return a table at the top of the file, empty where there is none."""
    try:
        tables = document.root.value
    except Refused as error:
        error.remedy = f"Repair the syntax with {do('patch')}, then repeat the edit."
        raise
    if not isinstance(tables, dict):
        raise _opaque(document.name, "the file is no object")
    found = {} if tables.get(table) is None else tables[table]
    if not isinstance(found, dict):
        raise _opaque(document.name, f"{table} is no object")
    return found


def _opaque(name: str, why: str) -> Refused:
    return Refused(
        "opaque_value",
        f"This edit is not safe in this file: {why}. Nothing was changed.",
        place=Place(name),
        remedy=f"Write this change with {do('patch')}.",
    )


def _order(name: str) -> tuple[list[int], str]:
    """Return what names of npm are sorted by: signs, digits, letters; the small letter before the great one."""
    return [_SIGNS.find(sign) for sign in name.lower()], name.swapcase()
