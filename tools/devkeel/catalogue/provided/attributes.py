"""By which attribute a package of a database is listed in a declaration, if by any.

A database knows each store path by one attribute, often an odd one: openssl as azure-sdk-for-cpp.openssl.
"""

from __future__ import annotations

import re

__all__ = ["SYSTEM", "home"]

SYSTEM = "x86_64-linux"
# Sets that are tests, compilers of compilers, data or for other systems: no declaration lists a package of theirs.
_NEVER = re.compile(
    r"(?:tests|nixosTests|minimal-bootstrap|gccNGPackages_\w+|pkgs[A-Z]\w*|driversi686Linux|\w+-source"
    r"|linuxKernel|linuxPackages\w*|lixPackageSets|nixVersions|nixDependencies|nixComponents\w*|libretro|eclipses"
    r"|beamMinimal\w+|coreboot-toolchain|wine\w*Packages|darwin|nixos-artwork|typstPackages|gnomeExtensions)\..*"
)
# Sets of which each version is a set of its own are listed by the one without it, which is the default's.
_ONE_OF_VERSIONS = re.compile(r"([a-z]+?)[\d_]+(Packages|Extensions)(?:_[\d_]+)?\.(.*)")
_VERSION_BEHIND = re.compile(r"(\w+Packages)_[\d_]+\.(.*)")
# Sets of their own: their names are those of a language's registry, of a desktop or of plug-ins, and what is called
# curl there is not curl. All others are scopes in which a package of the top level may stand, too.
_OWN_SET = re.compile(
    r"\w*(?:Packages|Plugins|Extensions|Scripts|Dicts|Modules|Themes)\w*|.*-(?:plugins|extensions|components|data|fonts)"
    r"|haskell|texlive|libsForQt5|gst_all_1|pantheon|lumina|enlightenment|lxqt|lomiri|nerd-fonts|tex-gyre.*|dockapps"
    r"|sweethome3d|bat-extras|tree-sitter-grammars|gnome2?|unixtools|astal|gawkextlib|indi-3rdparty|zabbix\d*"
)
# Attributes whose names do not say which one it is.
_HOMES = tuple(
    (re.compile(odd), plain)
    for odd, plain in (
        (r"mopidyPackages\.python", "python3"),
        (r"elmPackages\.nodejs", "nodejs"),
        (r"javaPackages\.compiler\.openjdk21", "jdk"),  # as `jdk = jdk21` in nixpkgs of 2025 and 2026
        (r"javaPackages\.compiler\.openjdk(\d+)", r"jdk\1"),
        (r"javaPackages\.compiler\.(\w+-bin)\.(j[dr]k)-(\d+)", r"\1-\3"),
        (r"perl5Packages\.(.*)", r"perlPackages.\1"),
        (r"(?:kdePackages|libsForQt5)\.(wayland|wayland-protocols|taglib|zxing-cpp)", r"\1"),
        (r"tclPackages\.(tk|tcllib|tclx)", r"\1"),
        (r"rocmPackages\.mpi", "openmpi"),
        (r"(?:llvmPackages(?:_\d+)?\.)?(?:lib)?llvm", "llvm"),
        (r"llvmPackages(?:_\d+)?\.(?:libclang|clang-unwrapped)", "libclang"),
        (r"llvmPackages(?:_\d+)?\.(clang-tools|lldb|lld|clang)", r"\1"),
        (r"haskell\.compiler\..*", ""),
        (r"host|dig", "bind"),
        (r"rustc-unwrapped", "rustc"),
        (r"bashNonInteractive", "bash"),
        (r"binutils-unwrapped", "binutils"),
    )
)


def home(attribute: str, name: str, known: frozenset[str], listed: frozenset[str]) -> str | None:
    """Return the attribute by which a package is listed, None for one that is not offered.

    name: of the package, with its version. known: packages of the top level by other sources. listed: those that the
    database has. A package in a scope whose name is of the former and not of the latter is the one at the top level.
    """
    for pattern, instead in _HOMES:
        if (match := pattern.fullmatch(attribute)) is not None:
            return match.expand(instead) or None
    if "." not in attribute:
        return attribute
    if _NEVER.fullmatch(attribute) is not None:
        return None
    for pattern in (_ONE_OF_VERSIONS, _VERSION_BEHIND):
        if (match := pattern.fullmatch(attribute)) is not None:
            return f"{''.join(match.groups()[:-1])}.{match.groups()[-1]}"
    plain = re.split(r"-(?=\d)", name, maxsplit=1)[0]
    own = _OWN_SET.fullmatch(attribute.partition(".")[0]) is not None
    return plain if plain in known and plain not in listed and not own else attribute
