"""Match specifications of conda: what one says, and the same with another version (CEP 29; conda's MatchSpec)."""

from __future__ import annotations

import re

from msgspec import Struct

__all__ = ["MatchSpec", "amended", "read"]

# A channel is a name, or the address of one; a package's own address has its name and version in its last part.
_SPEC = re.compile(
    r"(?P<channel>[^\s\[\]]+::)?(?P<name>[A-Za-z0-9_][\w.-]*)(?P<gap>[ \t]*)(?P<rest>(?:[=<>!~].*|(?<=[ \t]).*)?)"
)
_ADDRESS = re.compile(
    r"(?:[a-z+]+://|\.{0,2}/)\S*?(?P<name>[\w.-]+)-(?P<version>[^-/\s]+)-(?P<build>[^-/\s]+)\.(?:conda|tar\.bz2)(?:#\w+)?"
)
# A build follows a version behind a space or one `=`, and has no sign of a version in it.
_REST = re.compile(r"(?P<version>.+?)(?:(?<![=!|,<>~ \t])(?:[ \t]+|=)(?P<build>[^-=,|<>~ \t]+))?")
_APART = re.compile(r"[^=<>!~,|\s]\s+[^=<>!~,|\s]")
_KEY = re.compile(r"(?P<key>[A-Za-z_][\w-]*)\s*=\s*(?P<value>'[^']*'|\"[^\"]*\"|[^'\",\s\]]*)")
_ITEM = re.compile(r"(?:'[^']*'|\"[^\"]*\"|[^'\",])+,?")
_FUZZY = re.compile(r"=(?P<version>[^=<>!~,|*\s]+)")
# conda-build names a build by `h` and seven digits of a hash of what it was made from: it is of one version only.
_HASHED = re.compile(r"h[0-9a-f]{7}(?![0-9a-f])")


class MatchSpec(Struct, frozen=True):
    """A specification.

    channel: with its `::`. gap: what stands between the name and the rest. version, build: what the rest says, without
    white space, None for nothing. brackets: the text between `[` and `]`. address: whether it is one of a package.
    """

    name: str
    channel: str = ""
    gap: str = ""
    rest: str = ""
    version: str | None = None
    build: str | None = None
    brackets: str | None = None
    address: bool = False

    @property
    def key(self) -> str:
        """The name as conda compares it."""
        return self.name.lower()

    @property
    def keys(self) -> dict[str, str]:
        """What the brackets say."""
        return {found["key"]: found["value"].strip("'\"") for found in _KEY.finditer(self.brackets or "")}

    @property
    def meaning(self) -> tuple[str | None, str | None, str | None]:
        """Channel, version and build, however they are written: the brackets count before the rest."""
        keys = self.keys
        version = keys["version"].replace(" ", "") if "version" in keys else self.version
        channel = keys.get("channel", self.channel.removesuffix("::") or None)
        plain = _FUZZY.fullmatch(version or "")
        if plain:
            # One `=` means any version that begins so, but behind a name and before a build (conda, MatchSpec).
            exact = self.build is not None and "version" not in keys
            version = plain["version"] if exact else f"{plain['version']}.*"
        elif version and not re.search(r"[,|<>!~]", version):
            version = version.lstrip("=")
        return channel, version, keys.get("build", self.build)


def read(text: str) -> MatchSpec | None:
    """Return what a specification says, None for what is none."""
    text = text.partition(" #")[0].strip()
    address = _ADDRESS.fullmatch(text)
    if address:
        version, build = f"=={address['version']}", address["build"]
        return MatchSpec(address["name"], version=version, build=build, address=True)
    head, opened, brackets = text.partition("[")
    if opened and (not brackets.endswith("]") or "[" in brackets or "]" in brackets[:-1]):
        return None
    found = _SPEC.fullmatch(head.rstrip() if opened else head)
    if found is None or (opened and not all(_KEY.fullmatch(item) for item in _items(brackets[:-1]))):
        return None
    rest = found["rest"].strip()
    parts = _REST.fullmatch(rest) if rest else None
    said = re.sub(r"\s+", "", parts["version"]) if parts else None
    if rest and (parts is None or not (said or "").strip("=") or _APART.search(parts["version"])):
        return None
    inside = brackets[:-1] if opened else None
    return MatchSpec(
        found["name"], found["channel"] or "", found["gap"], rest, said, parts["build"] if parts else None, inside
    )


def _items(brackets: str) -> list[str]:
    """Return the pairs between brackets, which a comma outside quotes divides."""
    found = (str(item[0]).strip(", ") for item in _ITEM.finditer(brackets))
    return [item for item in found if item]


def amended(text: str, wanted: MatchSpec) -> tuple[str, str | None]:
    """Return a specification with what a request changes, and the build that went with the old version, if one did.

    Channel, build and brackets stay. A build with a hash is of one version, and goes where another one is asked for.
    """
    old = read(text)
    assert old is not None  # noqa: S101  (the caller has read it)
    channel, version, build = wanted.meaning
    kept, gone = old.meaning[2], None
    if build is None and kept and version not in (None, old.meaning[1]) and _HASHED.search(kept):
        kept, gone = None, kept
    brackets, head = old.brackets or "", f"{old.channel}{old.name}"
    if channel and "channel" in old.keys:
        brackets = _exchanged(brackets, "channel", channel)
    elif channel:
        head = f"{channel}::{old.name}"
    if "build" in old.keys:
        brackets, build, kept = _exchanged(brackets, "build", build or kept), None, None
    asked = wanted.keys.get("version", wanted.version)
    if asked and wanted.build is not None:
        asked = f"={asked}" if _FUZZY.fullmatch(asked) else asked
    if "version" in old.keys:
        brackets = _exchanged(brackets, "version", version or old.keys["version"])
        brackets = f"{brackets},build='{build}'" if build else brackets
        constraint = f"{old.gap}{old.rest}"
    elif version is None and build is None and gone is None:
        constraint = f"{old.gap}{old.rest}"
    elif wanted.rest and wanted.build is not None and build is not None:
        constraint = f"{old.gap or wanted.gap}{wanted.rest}"
    else:
        constraint = _constraint(old.gap, re.sub(r"\s+", "", asked or old.version or "*"), build or kept)
    return f"{head}{constraint}" + (f"[{brackets}]" if brackets else ""), gone


def _constraint(gap: str, version: str, build: str | None) -> str:
    """Return the text behind a name. Before a build, one `=` is exact: any version that begins so gets `.*`."""
    fuzzy = _FUZZY.fullmatch(version)
    if build is None:
        return f"{gap}{version}" if version[0] in "=<>!~" else f"{gap or ' '}{version}"
    plain = f"{fuzzy['version']}.*" if fuzzy else version
    plain = plain if re.search(r"[,|<>!~]", plain) else plain.lstrip("=")
    simple = not re.search(r"[,|<>!~]", plain)
    return f"={plain}={build}" if simple and not gap else f"{gap or ' '}{plain} {build}"


def _exchanged(brackets: str, key: str, value: str | None) -> str:
    """Return the text between brackets with one value exchanged, in its quotes, or taken out."""

    def write(found: re.Match[str]) -> str:
        if found["key"] != key:
            return found[0]
        quote = found["value"][:1] if found["value"][:1] in ("'", '"') else ""
        quote = quote or ("'" if re.search(r"[,=\s<>|]", value or "") else "")
        return found[0][: found.start("value") - found.start()] + quote + (value or "") + quote

    if value is None:
        return ", ".join(item for item in _items(brackets) if _KEY.match(item)["key"] != key)  # type: ignore[index]
    return _KEY.sub(write, brackets)
