"""Libraries of Go, Rust, Ruby, Perl, R, TeX and PHP that are not there: in the manifest, or in options of devenv."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.catalogue.provided import providers
from devkeel.detection.declaring import is_package
from devkeel.remedies.fix import Fix
from devkeel.remedies.inputs import inputs_for
from devkeel.remedies.known_names import doubt, doubt_of_package, slip_of
from devkeel.remedies.manifests import folders, gems_of, section, table_of
from devkeel.remedies.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_GO = re.compile(r"[A-Za-z0-9][\w-]*(?:\.[\w-]+)+(?:/[\w.~-]+)*")
_CRATE = re.compile(r"[a-z][a-z0-9_-]{0,60}")
_GEM = re.compile(r"[A-Za-z0-9][\w.-]{0,60}")
_PERL = re.compile(r"[A-Za-z_]\w*(?:::\w+)*")
_R = re.compile(r"[A-Za-z][A-Za-z0-9.]{1,60}")
_TEX = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_EXTENSION = re.compile(r"[a-z][a-z0-9_]{1,30}")
# The architectures and systems of targets that rustc has (doc.rust-lang.org/rustc, "Platform Support").
_TARGET = re.compile(
    r"(?:wasm\w*|x86_64|i[56]86|aarch64|arm\w*|thumb\w+|riscv\w+|powerpc\w*|s390x|sparc\w*|mips\w*|loongarch64|nvptx64)"
    r"-.*(?:linux|darwin|windows|ios|android|freebsd|netbsd|none|unknown|wasip?\d?|emscripten|illumos|solaris|cuda|uefi).*"
)
_FONTS = "collection-fontsrecommended"
_TEXLIVE = "languages.texlive.packages"


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield what brings it, the project's own manifest first."""
    yield from _KINDS[cause.kind](situation, cause)


def _go(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Which version a module has only go knows, and go.mod wants one: go is to ask for it."""
    places, name = folders(situation, "go.mod"), cause.subject
    if not _GO.fullmatch(name):
        return
    if not places and not situation.has_devenv:
        return
    text = (situation.read("go.mod") or b"").decode("utf-8", "replace")
    own = re.search(r"^module\s+(\S+)", text, re.MULTILINE)
    if own is not None and (name == own[1] or name.startswith(f"{own[1]}/")):
        return  # a package of the project
    yield Fix(
        f"Has go ask for the newest version of the module that has {name}.",
        command=f"go get {name}",
        uncertain=" ".join(
            (*filter(None, (doubt("go", name),)), "Which version go takes: a call that adds a library wants one.")
        ),
    )


def _rust(situation: Situation, cause: Cause) -> Iterator[Fix]:
    name = cause.subject
    if not _CRATE.fullmatch(name):
        return
    places = folders(situation, "Cargo.toml")
    if not places:
        return
    hyphened = name.replace("_", "-")
    (crate,) = table("crates").get(name, (name,))
    file = "Cargo.toml" if "" in places else f"{places[0]}/Cargo.toml"
    model = table_of(situation, file)
    kinds = ("dependencies", "dev-dependencies", "build-dependencies")
    known = {key for kind in kinds for key in section(model, kind)}
    if {name, hyphened} & known or section(model, "package").get("name") in (name, hyphened):
        return  # it is declared: a feature, a target or the code keeps it away
    source = situation.context.source
    if any(source.exists(f"src/{name}{end}") for end in (".rs", "/mod.rs", "")):
        return  # a module of the project
    if (meant := slip_of("crates", crate, known)) is not None:
        yield Fix(f"{crate} is {meant} with a slip: the code is to be mended.")
        return
    edit: dict[str, Any] = {"kind": "add_library", "language": "rust", "names": [crate]}
    edits = (edit if file == "Cargo.toml" else {**edit, "file": file},)
    yield Fix(f"Adds the crate {crate} to {file}.", edits, uncertain=doubt("crates", crate))


def _ruby(situation: Situation, cause: Cause) -> Iterator[Fix]:
    gem = _gem(cause)
    if gem is None or situation.read("Gemfile") is None:
        return
    source = situation.context.source
    if cause.facts.get("is") == "file" and any(
        source.exists(f"{place}{cause.subject}.rb") for place in ("", "lib/", "app/")
    ):
        return  # a file of the project
    if "version" in cause.facts:
        edit = {"kind": "add_library", "language": "ruby", "names": [f"{gem}@{cause.facts['version']}"]}
        yield Fix(f"Holds {gem} at {cause.facts['version']}.", (edit,))
        return
    there = gems_of(situation)
    if gem in there:
        yield Fix(
            f"{gem} is in the Gemfile or its lock: it is to be installed.",
            command=" ".join(table("commands")["bundle"]),
        )
        return
    listed = is_package(f"rubyPackages.{gem}")
    if not listed and (meant := slip_of("gems", gem, there)) is not None:
        yield Fix(f"{gem} is {meant} with a slip: the code is to be mended.")
        return
    edit = {"kind": "add_library", "language": "ruby", "names": [gem]}
    yield Fix(f"Adds the gem {gem} to the Gemfile.", (edit,), uncertain=None if listed else doubt("gems", gem))


def _gem(cause: Cause) -> str | None:
    """Return the gem that is meant: known by its file, or called as the file is."""
    subject = cause.subject.removesuffix(".rb")
    if cause.facts.get("is") in ("file", "command"):
        known = table("gem-files").get(subject) or table("gem-files").get(subject.partition("/")[0])
        if known is not None:
            return known[0] if known[0] != "-" else None
        if cause.facts["is"] == "file" and not re.fullmatch(r"[a-z0-9_]+(?:-[a-z0-9_]+)*(?:/[a-z0-9_]+)?", subject):
            return None
        name = subject.partition("/")[0]
        listed = any(item.attribute.startswith("rubyPackages") for item in providers("program", name))
        return name if listed or cause.facts["is"] == "command" or "/" not in subject else subject.replace("/", "-")
    return subject if _GEM.fullmatch(subject) else None


def _perl(situation: Situation, cause: Cause) -> Iterator[Fix]:
    module = cause.subject.replace("/", "::")
    if not _PERL.fullmatch(module):
        return
    path = module.replace("::", "/")
    if any(situation.context.source.exists(f"{place}{path}.pm") for place in ("", "lib/")):
        return  # a module of the project
    (distribution,) = table("perl-modules").get(module, (module,))
    attribute = re.sub(r"[:-]", "", distribution)
    standing = doubt_of_package(f"perlPackages.{attribute}")
    if situation.has_devenv:
        if situation.is_enabled("languages.perl"):
            own = {"kind": "append", "path": "languages.perl.packages", "value": attribute}
            yield Fix(f"Adds {distribution} to the modules of Perl.", (own,), uncertain=standing)
        edit = {"kind": "add_packages", "names": [f"perlPackages.{attribute}"]}
        yield Fix(f"Adds {distribution} of Perl.", (edit,), uncertain=standing)
    elif not situation.has_nix:
        unseen = doubt("cpan", distribution) if standing else None
        yield Fix(f"Installs {module} from CPAN.", command=f"cpanm {module}", uncertain=unseen)


def _r(situation: Situation, cause: Cause) -> Iterator[Fix]:
    name = cause.subject
    if not _R.fullmatch(name) or name == "dependencies":
        return
    if situation.has_devenv:
        attribute = f"rPackages.{name.replace('.', '_')}"
        standing = doubt_of_package(attribute) if doubt("cran", name) else None
        edit = {"kind": "add_packages", "names": [attribute]}
        yield Fix(f"Adds the package {name} of R.", (edit,), uncertain=standing)
    elif situation.backend == "conda":
        edit = {"kind": "add_library", "language": "python", "names": [f"r-{name.lower()}"]}
        yield Fix(f"Adds the package {name} of R, as conda-forge calls it.", (edit,), uncertain=doubt("cran", name))
    elif situation.read("renv.lock") is not None:
        yield Fix(f"{name} is to be installed as renv.lock says.", command=" ".join(table("commands")["renv-restore"]))
    else:
        command = f"Rscript -e 'install.packages(\"{name}\")'"
        yield Fix(f"Installs {name} from CRAN.", command=command, uncertain=doubt("cran", name))


def _tex(situation: Situation, cause: Cause) -> Iterator[Fix]:
    name = _tex_package(cause)
    if name is None or situation.context.source.exists(cause.subject):
        return
    standing = doubt("ctan", name)
    if situation.has_devenv:
        if situation.definition(_TEXLIVE) is None:
            edit: dict[str, Any] = {"kind": "set", "path": _TEXLIVE, "value": [name]}
            yield Fix(f"Has TeX Live with {name} alone.", (edit,), uncertain=standing)
        edit = {"kind": "append", "path": _TEXLIVE, "value": name}
        yield Fix(f"Adds {name} of TeX Live.", (edit,), uncertain=standing)
    elif not situation.has_nix:
        yield Fix(f"Installs {name} of TeX Live.", command=f"tlmgr install {name}", uncertain=standing)


def _tex_package(cause: Cause) -> str | None:
    subject, form = cause.subject, cause.facts.get("is")
    if form == "typeface":
        return None
    if form == "babel":
        subject = f"{subject}.ldf"
    elif form is None and "." not in subject:
        subject = f"{subject}.sty"
    if (known := table("tex-files").get(subject)) is not None:
        return known[0]
    if form == "font":
        return _FONTS
    stem, _, end = subject.partition(".")
    plain = stem.lower()
    if end not in ("sty", "cls", "bst", "bbx", "cbx", "def", "tikz", "code.tex", "clo", "lbx"):
        return None
    return plain if _TEX.fullmatch(plain) else None


def _lua(situation: Situation, cause: Cause) -> Iterator[Fix]:
    known = table("lua-modules").get(cause.subject) or table("lua-modules").get(cause.subject.partition(".")[0])
    source = situation.context.source
    if known is None or source.exists(f"{cause.subject.replace('.', '/')}.lua"):
        return
    if not situation.has_devenv:
        if not situation.has_nix:
            yield Fix(f"Installs {known[0]}.", command=f"luarocks install {known[0]}")
        return
    versions = [found[1] for name in sorted(situation.packages) if (found := re.fullmatch(r"lua5?_?(5?_?\d)?", name))]
    version = next((re.sub(r"\D", "", item) for item in versions if item), "")
    held = f"lua5{version[-1]}Packages" if version else "luaPackages"
    yield Fix(f"Adds {known[0]} of Lua.", ({"kind": "add_packages", "names": [f"{held}.{known[0]}"]},))


def _php(situation: Situation, cause: Cause) -> Iterator[Fix]:
    name = cause.subject.lower().replace("zend-opcache", "opcache").replace("-", "_")
    if not _EXTENSION.fullmatch(name) or (situation.has_nix and not situation.has_devenv):
        return
    if not situation.has_devenv:
        yield Fix(
            f"PHP's extension {name} is of the system: php-{name} (Debian, Fedora), php83-{name} (Alpine), "
            f"docker-php-ext-install {name} in an image of PHP."
        )
        return
    path = "languages.php.extensions"
    enable = () if situation.is_enabled("languages.php") else ({"kind": "enable", "name": "languages.php"},)
    said = situation.definition(path)
    if said is not None and isinstance(said.value, list) and name in said.value:
        return
    standing = None if name in table("popular")["php"] else doubt_of_package(f"phpExtensions.{name}")
    edit = {"kind": "append", "path": path, "value": name}
    yield Fix(f"Adds PHP's extension {name}.", (*enable, edit), uncertain=standing)


def _target(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """A target of Rust: in the toolchain of an overlay, or by rustup."""
    if not re.fullmatch(r"[a-z0-9_]+(?:-[a-z0-9_.]+){1,3}", cause.subject):
        return
    if not situation.has_devenv:
        if not situation.has_nix:
            yield Fix(f"Installs the target {cause.subject}.", command=f"rustup target add {cause.subject}")
        return
    if situation.is_enabled("languages.rust"):
        yield from _rust_target(situation, cause.subject)


def _rust_target(situation: Situation, triple: str) -> Iterator[Fix]:
    edits: list[dict[str, Any]] = [{"kind": "append", "path": "languages.rust.targets", "value": triple}]
    if not any(situation.definition(f"languages.rust.{name}") for name in ("channel", "toolchainFile")):
        edits.insert(0, {"kind": "set", "path": "languages.rust.channel", "value": "stable"})
        edits += inputs_for(situation, "languages.rust.channel", "stable")
    standing = None if _TARGET.fullmatch(triple) else f"Nobody looked whether Rust has a target {triple}."
    yield Fix(f"Adds the target {triple} to Rust.", tuple(edits), uncertain=standing)


_KINDS: dict[str, Callable[[Situation, Cause], Iterator[Fix]]] = {
    "go_module": _go,
    "crate": _rust,
    "gem": _ruby,
    "perl_module": _perl,
    "r_package": _r,
    "tex_file": _tex,
    "lua_module": _lua,
    "php_extension": _php,
    "target": _target,
}
