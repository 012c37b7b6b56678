"""Programs, headers, libraries, compilers and what else a package of nixpkgs brings, in a project that has Nix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.catalogue.provided import providers
from devkeel.remedies.fix import Fix
from devkeel.remedies.providing import in_use, option_of, provided, says_enough
from devkeel.remedies.tables import table
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from devkeel.catalogue.provided import Provider
    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_FIXES = 3
# nixpkgs, pkgs/stdenv/generic/common-path.nix, with stdenv's compiler; pkg-config: devenv, top-level.nix.
_OF_EVERY_SHELL = re.compile(
    r"cc|gcc|c\+\+|g\+\+|cpp|ld|as|ar|nm|ranlib|strip|objcopy|objdump|readelf|g?make|patch|tar|gzip|bzip2|xz|sed|g?awk|e?grep"
    r"|find|xargs|diff|cmp|bash|sh|patchelf"
)
# Their headers come with every compiler (nixpkgs, cc-wrapper): as packages they would stand before its own.
_OF_EVERY_COMPILER = frozenset({"glibc", "linuxHeaders"})
_COMPILERS = {
    **dict.fromkeys(("C", "ASM", "ASM-ATT", "c", "cc1"), "cc"),
    **dict.fromkeys(("CXX", "cpp", "cc1plus"), "c++"),
    **dict.fromkeys(("Fortran", "fortran", "f951", "F77", "f77", "f90"), "gfortran"),
    "CUDA": "nvcc",
    "ASM_NASM": "nasm",
    "HIP": "hipcc",
    "Swift": "swiftc",
    "gnat1": "gnat",
    "d21": "gdc",
    "OBJC": "clang",
    "cc1obj": "clang",
}
# What a setting of the environment mends and a package alone does not, by the phrase that names it.
_Setting = tuple[str, dict[str, object]]
_PRISMA: tuple[_Setting, ...] = (
    ("env.PRISMA_SCHEMA_ENGINE_BINARY", {"expression": '"${pkgs.prisma-engines}/bin/schema-engine"'}),
    ("env.PRISMA_QUERY_ENGINE_LIBRARY", {"expression": '"${pkgs.prisma-engines}/lib/libquery_engine.node"'}),
)
_ELECTRON: _Setting = ("env.ELECTRON_OVERRIDE_DIST_PATH", {"expression": '"${pkgs.electron}/bin/"'})
_CHROMIUM: _Setting = ("env.PUPPETEER_EXECUTABLE_PATH", {"expression": '"${pkgs.chromium}/bin/chromium"'})
_BROWSERS: _Setting = ("env.PLAYWRIGHT_BROWSERS_PATH", {"expression": '"${pkgs.playwright-driver.browsers}"'})
_LEGACY: _Setting = ("env.NODE_OPTIONS", {"value": "--openssl-legacy-provider"})
_SETTINGS: dict[str, tuple[_Setting, ...]] = {
    "clang.library": (("env.LIBCLANG_PATH", {"expression": '"${pkgs.libclang.lib}/lib"'}),),
    "cmake.policy": (("env.CMAKE_POLICY_VERSION_MINIMUM", {"value": "3.5"}),),
    **dict.fromkeys(("electron.library", "electron.stub"), (_ELECTRON,)),
    **dict.fromkeys(("puppeteer.library", "puppeteer.stub"), (_CHROMIUM,)),
    **dict.fromkeys(("playwright.library", "playwright.stub", "playwright.host"), (_BROWSERS,)),
    "cypress.library": (("env.CYPRESS_RUN_BINARY", {"expression": '"${pkgs.cypress}/bin/Cypress"'}),),
    **dict.fromkeys(("prisma.stub", "prisma.engine", "prisma.ssl"), _PRISMA),
    **dict.fromkeys(("node.legacy_ssl", "node.legacy_ssl_code"), (_LEGACY,)),
    **dict.fromkeys(("go.cgo.0", "go.cgo.1", "go.cgo.2"), (("env.CGO_ENABLED", {"value": "1"}),)),
    "gcc.fortify": (("hardeningDisable", {"value": ["fortify"]}),),
}
_GO_WORKAROUND = "languages.go.enableHardeningWorkaround"
# What sets up the build itself: where clang's own headers lie is known to a hook alone.
_HOOKS = {"bindgen.header": "rustPlatform.bindgenHook"}
# Of the machine's own driver: no package may bring them.
_OF_DRIVERS = re.compile(r"lib(?:cuda|nvidia[\w-]*|nvcuvid|vdpau_nvidia)\.so")
# Packages whose archives are an output of their own.
_ARCHIVES = frozenset({"glibc", "zlib", "libxcrypt", "bzip2"})
# Programs of TeX that are packages of its own, by what they are called there.
_TEX = {
    **{
        name: name
        for name in ("biber", "latexmk", "dvipng", "dvisvgm", "latexindent", "texcount", "latexdiff", "chktex")
    },
    **{
        name: name
        for name in ("pdfcrop", "arara", "xindy", "asymptote", "pdfjam", "latexpand", "cjkutils", "texliveonfly")
    },
    **{name: name for name in ("lacheck", "texdoc", "bibtex8", "biber-ms", "makeindex", "splitindex")},
    "makeglossaries": "glossaries",
    "xelatex": "xetex",
    "lualatex": "luatex",
}
_LISTED = re.compile(r"(?P<head>makeLibraryPath\s{1,8}\(?(?P<scope>with pkgs;\s{0,80})?\[)(?P<items>[^\]]{0,2000})\]")
_BARE = b"mkShellNoCC"
_STORE = "/nix/store/"
_LIBRARY_PATH = "env.LD_LIBRARY_PATH"
_MADE_PATH = re.compile(r"(?P<head>(?:pkgs\.)?lib\.makeLibraryPath \[)(?P<items>[^\]]*)\]")


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield what brings it: what the project has already, then an option of devenv, then packages."""
    if not situation.has_nix or _OF_DRIVERS.match(cause.subject):
        return
    if cause.said_by in _SETTINGS:
        yield from _set(situation, cause)
    elif cause.kind != "version":
        if cause.kind == "compiler":
            cause = replace(cause, kind="program", subject=_COMPILERS.get(cause.subject, cause.subject))
        yield from _brought(situation, cause)


def _brought(situation: Situation, cause: Cause) -> Iterator[Fix]:
    if cause.said_by in _HOOKS:
        yield _adding(_HOOKS[cause.said_by], "it tells bindgen where clang has its headers.")
    there = [*_of_the_shell(situation, cause)]
    yield from there
    if _is_of_the_compiler(cause) or any(fix.call for fix in there):
        return
    found = provided(situation, cause)
    if not (found and found[0].attribute in situation.packages):
        options = [*_of_options(situation, cause)] if situation.has_devenv else []
        yield from options
        if any(fix.call for fix in options):
            return
    if cause.kind == "soname":
        yield from _loaded(situation, found)
    else:
        yield from _packages(situation, cause, found)


def _of_options(situation: Situation, cause: Cause) -> Iterator[Fix]:
    package = _TEX.get(cause.subject) if cause.kind == "program" else None
    option = option_of(cause)
    if package is not None and situation.is_enabled("languages.texlive"):
        edit = {"kind": "append", "path": "languages.texlive.packages", "value": package}
        yield Fix(f"Adds {package} to the packages of TeX Live.", (edit,))
    elif option is not None:
        yield from _by_option(situation, option)


def _set(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the settings that mend it, those that the declaration does not have."""
    if not situation.has_devenv:
        return
    if cause.said_by == "gcc.fortify" and situation.is_enabled("languages.go"):
        yield Fix(f"Sets {_GO_WORKAROUND}.", ({"kind": "set", "path": _GO_WORKAROUND, "value": True},))
        return
    left = [(path, value) for path, value in _SETTINGS[cause.said_by] if situation.definition(path) is None]
    if left:
        names = " and ".join(path for path, _ in left)
        edits = tuple({"kind": "set", "path": path, **value} for path, value in left)
        yield Fix(f"Sets {names}, which it looks at.", edits)


def _of_the_shell(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """What every shell has is missing where a command ran outside of it, or where the shell has no compiler."""
    name = cause.subject
    every = _OF_EVERY_SHELL.fullmatch(name) or name in table("coreutils")
    every = every or (name == "pkg-config" and situation.has_devenv)
    if not _is_of_the_compiler(cause) and (cause.kind != "program" or not every):
        return
    flake = situation.files.get("flake.nix", b"")
    if situation.has_devenv and situation.definition("stdenv") is not None:
        return
    if not situation.has_devenv and flake.count(_BARE) == 1:
        old, new = _BARE.decode(), _BARE.decode().removesuffix("NoCC")
        edit = {"kind": "replace_text", "file": "flake.nix", "old": old, "new": new}
        yield Fix(f"Makes the shell with {new}, which has a compiler and make.", (edit,))
    elif _BARE not in flake:
        yield Fix(
            f"Every shell of the project has {cause.subject}: the command seems to have run outside of it. Run it with "
            f"{do('run')}.",
            call=do("run"),
        )


def _is_of_the_compiler(cause: Cause) -> bool:
    """Return whether it is a header of the C library or of the kernel."""
    if cause.kind != "header" or cause.said_by in _HOOKS:
        return False
    return any(item.exact and item.attribute in _OF_EVERY_COMPILER for item in providers("header", cause.subject))


def _by_option(situation: Situation, option: str) -> Iterator[Fix]:
    """Yield the edits by which an option brings it; where it is on already, that it is to be applied."""
    path = option.removesuffix(".enable")
    if situation.is_enabled(path):
        yield Fix(f"{option} brings it and is set already: apply it with {do('apply')}.", call=do("apply"))
        return
    parts = path.split(".")
    parent = ".".join(parts[:2])
    part = ".".join(parts[2:])  # pnpm, of languages.javascript
    edit: dict[str, Any] = {"kind": "set", "path": option, "value": True}
    if not situation.is_enabled(parent):
        edit = {"kind": "enable", "name": parent} | ({"settings": {f"{part}.enable": True}} if part else {})
    yield Fix(f"Sets {option}, which brings it.", (edit,))


def _packages(situation: Situation, cause: Cause, found: tuple[Provider, ...]) -> Iterator[Fix]:
    if not found:
        return
    own = in_use(situation, programs=cause.kind == "program")
    if "static" in cause.facts:
        archives = next((f"{item.attribute}.static" for item in found if item.attribute in _ARCHIVES), None)
        if archives is not None and archives not in own:
            yield _adding(archives, f"it has {found[0].name} as an archive, for -static.")
        return
    if "found" in cause.facts and (found[0].attribute in own or _STORE in situation.text):
        renew = do("lock", action="renew")
        yield Fix(f"{found[0].attribute} is of the version that the lock pins: renew that with {renew}.", call=renew)
        return
    if found[0].attribute in own:
        yield Fix(
            f"{found[0].attribute} has it and is declared already: apply it with {do('apply')}, and run the command in "
            f"the environment with {do('run')}.",
            call=do("apply"),
        )
        return
    if not says_enough(cause, found):
        return
    for item in found[: 1 if found[0].certain and found[0].exact else _FIXES]:
        deeper = None
        if not item.exact:
            deeper = f"{item.name} lies deeper: the build has to take its folder from pkg-config or a flag."
        if item.attribute not in own:
            yield _adding(item.attribute, f"{item.attribute} has {item.name}.", deeper)


def _adding(attribute: str, why: str, uncertain: str | None = None) -> Fix:
    return Fix(
        f"Adds the package {attribute}: {why}", ({"kind": "add_packages", "names": [attribute]},), uncertain=uncertain
    )


def _loaded(situation: Situation, found: tuple[Provider, ...]) -> Iterator[Fix]:
    """Yield how a library is found when a program loads it, which is another thing than when it is linked."""
    if not found:
        return
    attribute = found[0].attribute
    declared = attribute in in_use(situation)
    if not situation.has_devenv:
        yield from _in_flake(situation, attribute)
        if not declared:
            uncertain = "A shell of a flake sets no LD_LIBRARY_PATH: what Nix did not build may need it in shellHook."
            yield _adding(attribute, f"it has {found[0].name}.", uncertain)
        return
    if situation.is_enabled("languages.python") and _loads_in_python(situation.text):
        libraries = situation.definition("languages.python.libraries")
        if libraries is not None:
            expression = f"pkgs.{attribute}"
            yield Fix(
                f"Adds {attribute} to languages.python.libraries, where Python looks for {found[0].name}.",
                ({"kind": "append", "path": "languages.python.libraries", "expression": expression},),
            )
        elif declared:
            yield Fix(f"{attribute} is declared already: apply it with {do('apply')}.", call=do("apply"))
        for item in found[:_FIXES] if libraries is None and not declared else ():
            yield _adding(item.attribute, f"Python looks for {item.name} in what is declared.")
        return
    found_by = [*_on_the_path(situation, attribute)]
    yield from found_by
    if not declared and any(fix.edits for fix in found_by):
        uncertain = "Only Python is told where libraries lie: a program that Nix did not build needs LD_LIBRARY_PATH."
        yield _adding(attribute, f"it has {found[0].name}.", uncertain)


def _in_flake(situation: Situation, attribute: str) -> Iterator[Fix]:
    """Yield the edit of the one list of libraries that a flake makes a path of, where it has one."""
    flake = situation.files.get("flake.nix", b"").decode("utf-8", "replace")
    lists = [*_LISTED.finditer(flake)]
    if len(lists) != 1 or flake.count(lists[0][0]) != 1:
        return
    (found,) = lists
    if not found["scope"] and "pkgs." not in found["items"]:
        return
    name = attribute if found["scope"] else f"pkgs.{attribute}"
    items = found["items"].rstrip()
    end = found["items"][len(items) :] or " "
    last = items.rpartition("\n")[2]
    between = "\n" + last[: len(last) - len(last.lstrip())] if "\n" in items else " "
    new = f"{found['head']}{items}{between}{name}{end}]"
    edit = {"kind": "replace_text", "file": "flake.nix", "old": found[0], "new": new}
    yield Fix(f"Adds {attribute} to the libraries of LD_LIBRARY_PATH.", (edit,))


def _on_the_path(situation: Situation, attribute: str) -> Iterator[Fix]:
    given = situation.definition(_LIBRARY_PATH)
    expression = f"pkgs.lib.makeLibraryPath [ pkgs.{attribute} ]"
    if given is not None:
        match = _MADE_PATH.fullmatch((given.source or "").strip())
        if match is None:
            yield Fix(
                f"{_LIBRARY_PATH} is set in {given.file}, line {given.line}, in a way that no edit extends: add what "
                f"`{expression}` gives to it, for the loader finds {attribute} by that alone."
            )
            return
        expression = f"{match['head']}{match['items'].rstrip()} pkgs.{attribute} ]"
    yield Fix(
        f"Sets {_LIBRARY_PATH} to where {attribute} has its libraries, so that the loader finds them.",
        ({"kind": "set", "path": _LIBRARY_PATH, "expression": expression},),
        uncertain="What the shell starts finds these libraries first, also a program that has copies of its own.",
    )


def _loads_in_python(text: str) -> bool:
    return re.search(r"Traceback \(most recent call last\)|ImportError|OSError|site-packages|\.py\b", text) is not None
