"""Steps of workflows that set something up: the actions of GitHub's marketplace by their names."""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec import Struct

__all__ = ["Setup", "setup_of"]


class Setup(Struct, frozen=True):
    """What an action sets up. about, name, options: as in a clue.

    version: the inputs that name its version, the first that is given counts. file: the inputs that name a file of it.
    of_reference: whether its own reference is the version, as of `dtolnay/rust-toolchain@1.75`.
    """

    about: Literal["language", "service", "package"]
    name: str
    version: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    of_reference: bool = False


def _language(name: str, *version: str, file: tuple[str, ...] = (), **options: bool) -> Setup:
    settings = {key.replace("_", "."): value for key, value in options.items()}
    return Setup("language", name, version, file, settings)


_RUST = _language("rust", "toolchain", "rust-version")
_JUST = Setup("package", "just")
# By the metadata of each action (`action.yml`), in lower case.
_ROWS: dict[str, Setup] = {
    "actions/setup-python": _language("python", "python-version", file=("python-version-file",)),
    "astral-sh/setup-uv": _language("python", "python-version", uv_enable=True),
    "snok/install-poetry": _language("python", poetry_enable=True),
    "abatilo/actions-poetry": _language("python", poetry_enable=True),
    "pdm-project/setup-pdm": _language("python", "python-version"),
    "conda-incubator/setup-miniconda": _language("python", "python-version"),
    "actions/setup-node": _language("javascript", "node-version", file=("node-version-file",)),
    "pnpm/action-setup": _language("javascript", pnpm_enable=True),
    "oven-sh/setup-bun": _language("javascript", bun_enable=True),
    "denoland/setup-deno": _language("deno", "deno-version", file=("deno-version-file",)),
    "actions/setup-go": _language("go", "go-version", file=("go-version-file",)),
    "actions/setup-java": _language("java", "java-version", file=("java-version-file",)),
    "graalvm/setup-graalvm": _language("java", "java-version"),
    "gradle/actions/setup-gradle": _language("java", gradle_enable=True),
    "gradle/gradle-build-action": _language("java", gradle_enable=True),
    "coursier/setup-action": _language("scala"),
    "sbt/setup-sbt": _language("scala", sbt_enable=True),
    "ruby/setup-ruby": _language("ruby", "ruby-version"),
    "shivammathur/setup-php": _language("php", "php-version", file=("php-version-file",)),
    "erlef/setup-beam": _language("elixir", "elixir-version", file=("version-file",)),
    "erlef/setup-elixir": _language("elixir", "elixir-version"),
    "actions/setup-elixir": _language("elixir", "elixir-version"),
    "actions/setup-dotnet": _language("dotnet", "dotnet-version", file=("global-json-file",)),
    "dtolnay/rust-toolchain": Setup("language", "rust", ("toolchain",), of_reference=True),
    "actions-rs/toolchain": _RUST,
    "actions-rust-lang/setup-rust-toolchain": _RUST,
    "hecrj/setup-rust-action": _RUST,
    "moonrepo/setup-rust": _language("rust", "channel"),
    "haskell-actions/setup": _language("haskell", "ghc-version"),
    "haskell/actions/setup": _language("haskell", "ghc-version"),
    "julia-actions/setup-julia": _language("julia", "version"),
    "mlugg/setup-zig": _language("zig", "version"),
    "goto-bus-stop/setup-zig": _language("zig", "version"),
    "korandoru/setup-zig": _language("zig", "zig-version"),
    "hashicorp/setup-terraform": _language("terraform", "terraform_version"),
    "opentofu/setup-opentofu": _language("opentofu", "tofu_version"),
    "dart-lang/setup-dart": _language("dart", "sdk"),
    "swift-actions/setup-swift": _language("swift", "swift-version"),
    "r-lib/actions/setup-r": _language("r", "r-version"),
    "crystal-lang/install-crystal": _language("crystal", "crystal"),
    "jiro4989/setup-nim-action": _language("nim", "nim-version"),
    "ocaml/setup-ocaml": _language("ocaml", "ocaml-compiler"),
    "leafo/gh-actions-lua": _language("lua", "luaversion"),
    "delaguardo/setup-clojure": _language("clojure"),
    "typst-community/setup-typst": _language("typst"),
    "azure/setup-helm": Setup("package", "kubernetes-helm"),
    "azure/setup-kubectl": Setup("package", "kubectl"),
    "extractions/setup-just": _JUST,
    "taiki-e/setup-just": _JUST,
    "arduino/setup-task": Setup("package", "go-task"),
    "arduino/setup-protoc": Setup("package", "protobuf"),
    "bufbuild/buf-setup-action": Setup("package", "buf"),
    "golangci/golangci-lint-action": Setup("package", "golangci-lint"),
    "federicocarboni/setup-ffmpeg": Setup("package", "ffmpeg"),
    "supercharge/redis-github-action": Setup("service", "redis", ("redis-version",)),
    "supercharge/mongodb-github-action": Setup("service", "mongodb", ("mongodb-version",)),
    "shogo82148/actions-setup-redis": Setup("service", "redis", ("redis-version",)),
    "shogo82148/actions-setup-mysql": Setup("service", "mysql", ("mysql-version",)),
    "ankane/setup-postgres": Setup("service", "postgres", ("postgres-version",)),
    "ikalnytskyi/action-setup-postgres": Setup("service", "postgres", ("postgres-version",)),
    "ankane/setup-mysql": Setup("service", "mysql", ("mysql-version",)),
    "ankane/setup-elasticsearch": Setup("service", "elasticsearch", ("elasticsearch-version",)),
}
_USES = re.compile(r"(?P<action>[\w.-]+/[\w./-]+)@(?P<reference>[\w./-]+)")


def setup_of(uses: str) -> tuple[Setup, str] | None:
    """Return what a step's `uses` sets up, with the reference of its action; None for any other."""
    found = _USES.fullmatch(uses.strip())
    setup = _ROWS.get(found["action"].lower()) if found is not None else None
    return None if setup is None or found is None else (setup, found["reference"])
