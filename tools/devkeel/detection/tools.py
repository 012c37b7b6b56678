"""Tools by the names that version managers, workflows and containers give them, as devenv has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Tool", "tool_named"]


class Tool(Struct, frozen=True):
    """What a tool is in a declaration. name: of a language of devenv, or the attribute of a package.

    spoken: as a sentence calls it. options: what it switches on below its language. versioned: whether the tool's
    version is that of the language.
    """

    about: Literal["language", "package"]
    name: str
    spoken: str
    options: Mapping[str, Any] = {}
    versioned: bool = True


def _language(name: str, spoken: str) -> Tool:
    return Tool("language", name, spoken)


def _manager(language: str, spoken: str, option: str) -> Tool:
    return Tool("language", language, spoken, {f"{option}.enable": True}, versioned=False)


def _package(attribute: str, spoken: str = "") -> Tool:
    return Tool("package", attribute, spoken or attribute, versioned=False)


_NODE, _PYTHON, _GO = _language("javascript", "Node.js"), _language("python", "Python"), _language("go", "Go")
_JAVA, _RUBY, _RUST = _language("java", "Java"), _language("ruby", "Ruby"), _language("rust", "Rust")
# The names of asdf's plugins, of mise's registry, of SDKMAN!'s candidates.
_TOOLS = {
    **dict.fromkeys(("node", "nodejs"), _NODE),
    "python": _PYTHON,
    **dict.fromkeys(("go", "golang"), _GO),
    **dict.fromkeys(("java", "jdk", "openjdk"), _JAVA),
    "ruby": _RUBY,
    "rust": _RUST,
    "php": _language("php", "PHP"),
    "elixir": _language("elixir", "Elixir"),
    "erlang": _language("erlang", "Erlang"),
    "kotlin": _language("kotlin", "Kotlin"),
    "scala": _language("scala", "Scala"),
    "clojure": _language("clojure", "Clojure"),
    "zig": _language("zig", "Zig"),
    "deno": _language("deno", "Deno"),
    **dict.fromkeys(("dotnet", "dotnet-core"), _language("dotnet", ".NET")),
    **dict.fromkeys(("haskell", "ghc"), _language("haskell", "GHC")),
    "terraform": _language("terraform", "Terraform"),
    "opentofu": _language("opentofu", "OpenTofu"),
    "crystal": _language("crystal", "Crystal"),
    "dart": _language("dart", "Dart"),
    "gleam": _language("gleam", "Gleam"),
    "julia": _language("julia", "Julia"),
    "lua": _language("lua", "Lua"),
    "nim": _language("nim", "Nim"),
    "ocaml": _language("ocaml", "OCaml"),
    "perl": _language("perl", "Perl"),
    "pnpm": _manager("javascript", "pnpm", "pnpm"),
    "yarn": _manager("javascript", "Yarn", "yarn"),
    "npm": _manager("javascript", "npm", "npm"),
    "bun": _manager("javascript", "Bun", "bun"),
    "uv": _manager("python", "uv", "uv"),
    "poetry": _manager("python", "Poetry", "poetry"),
    "gradle": _manager("java", "Gradle", "gradle"),
    "maven": _manager("java", "Maven", "maven"),
    "sbt": _manager("scala", "sbt", "sbt"),
    "bundler": _manager("ruby", "Bundler", "bundler"),
    "pdm": _package("pdm"),
    "pipenv": _package("pipenv"),
    "hatch": _package("hatch"),
    "rebar": _package("rebar3"),
    "just": _package("just"),
    "task": _package("go-task", "Task"),
    "cmake": _package("cmake"),
    "protoc": _package("protobuf", "protoc"),
    "buf": _package("buf"),
    "kubectl": _package("kubectl"),
    **dict.fromkeys(("helm", "kubernetes-helm"), _package("kubernetes-helm", "Helm")),
    "helmfile": _package("helmfile"),
    "kustomize": _package("kustomize"),
    "kind": _package("kind"),
    "minikube": _package("minikube"),
    "skaffold": _package("skaffold"),
    "tilt": _package("tilt"),
    "terragrunt": _package("terragrunt"),
    "tflint": _package("tflint"),
    "terraform-docs": _package("terraform-docs"),
    "awscli": _package("awscli2", "the AWS CLI"),
    "aws-cli": _package("awscli2", "the AWS CLI"),
    "gcloud": _package("google-cloud-sdk", "gcloud"),
    "github-cli": _package("gh"),
    "gh": _package("gh"),
    "jq": _package("jq"),
    "yq": _package("yq-go", "yq"),
    "ripgrep": _package("ripgrep"),
    "fzf": _package("fzf"),
    "shellcheck": _package("shellcheck"),
    "shfmt": _package("shfmt"),
    "hadolint": _package("hadolint"),
    "actionlint": _package("actionlint"),
    "golangci-lint": _package("golangci-lint"),
    "goreleaser": _package("goreleaser"),
    "pre-commit": _package("pre-commit"),
    "direnv": _package("direnv"),
    "sops": _package("sops"),
    "age": _package("age"),
    "hugo": _package("hugo"),
    "ruff": _package("ruff"),
    "watchexec": _package("watchexec"),
    "ffmpeg": _package("ffmpeg"),
    "imagemagick": _package("imagemagick"),
    "postgres": _package("postgresql", "PostgreSQL's programs"),
}


def tool_named(name: str) -> Tool | None:
    """Return the tool that people call by a name, None where it is not known."""
    return _TOOLS.get(name.lower())
