"""Container images: which language or service of devenv one stands for, and in which version, by its name and tag.

The names are those of Docker Hub's official images and of what its publishers keep there (hub.docker.com/_/NAME), of
Microsoft's registry (mcr.microsoft.com), CircleCI's convenience images and Bitnami's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ImageMeaning", "ImageReference", "image_meanings", "read_reference"]


class ImageReference(Struct, frozen=True):
    """An image by its parts: `registry/path:tag@digest`. name: its path in its registry, without `library/`."""

    name: str
    tag: str = ""


class ImageMeaning(Struct, frozen=True):
    """What an image stands for. about, name, version, options: as in a clue. port: where it listens by default.

    sure: whether it stands for nothing else; an image of a web server may only carry files.
    """

    about: Literal["language", "service", "package"]
    name: str
    version: str | None = None
    options: dict[str, Any] = {}
    port: int | None = None
    sure: bool = True


class _ImageRow(Struct, frozen=True):
    about: Literal["language", "service", "package"]
    name: str
    port: int | None = None
    options: dict[str, Any] = {}
    # Which part of a tag is the version of that: its first numbers, unless a form says otherwise.
    form: str = r"v?(\d+(?:\.\d+)*)"
    sure: bool = True


# github.com/distribution/reference, `reference.go`: a first part with a dot, a colon, or `localhost` is a registry.
_REGISTRY = re.compile(r"(?:[^/]*[.:][^/]*|localhost)/")
# Where the same images are found again: a mirror of the official ones, and of each.
_MIRRORED = re.compile(r"(?:library|docker/library|dockerhub|docker\.io/library)/")
# Whose first number alone says nothing: `python:3`, `golang:1`. Below five it is the image's own version.
_BY_MINOR = frozenset({"python", "go", "rust", "ruby", "php", "elixir", "perl", "dart", "julia", "crystal"})
_FIRST_OF_ONE = 5
_DEVCONTAINER = r"(?:dev-)?(?:\d+(?:\.\d+)*-)?(\d+(?:\.\d+)*)"


def _language(name: str, form: str = r"v?(\d+(?:\.\d+)*)", **options: Any) -> _ImageRow:  # noqa: ANN401
    return _ImageRow(
        "language", name, options={key.replace("_", "."): value for key, value in options.items()}, form=form
    )


def _service(name: str, port: int, form: str = r"v?(\d+(?:\.\d+)*)", *, sure: bool = True) -> _ImageRow:
    return _ImageRow("service", name, port, form=form, sure=sure)


_JDK = r".*?(?:jdk|temurin|corretto|openjdk|zulu|sapmachine|ibmjava|java)-?(\d+)"
_OTP = r".*?(?:otp|erlang)-(\d+(?:\.\d+)*)"
_PYTHON_WITHIN = r".*?py(?:thon)?-?(3\.?\d+(?:\.\d+)*)"
_ROWS: dict[str, tuple[_ImageRow, ...]] = {
    **dict.fromkeys(("python", "cimg/python", "circleci/python", "pypy", "bitnami/python"), (_language("python"),)),
    **dict.fromkeys(("node", "cimg/node", "circleci/node", "bitnami/node"), (_language("javascript"),)),
    **dict.fromkeys(("golang", "cimg/go", "circleci/golang", "bitnami/golang"), (_language("go"),)),
    **dict.fromkeys(("rust", "cimg/rust", "clux/muslrust", "rustlang/rust"), (_language("rust"),)),
    **dict.fromkeys(("ruby", "cimg/ruby", "circleci/ruby", "bitnami/ruby"), (_language("ruby"),)),
    **dict.fromkeys(("php", "cimg/php", "bitnami/php-fpm"), (_language("php"),)),
    "composer": (_language("php", form=r"(?!)"),),
    **dict.fromkeys(
        ("openjdk", "eclipse-temurin", "amazoncorretto", "cimg/openjdk", "ibm-semeru-runtimes", "azul/zulu-openjdk"),
        (_language("java", form=r"(?:jdk-?|open-)?(\d+)"),),
    ),
    "maven": (_language("java", form=_JDK, maven_enable=True),),
    "gradle": (_language("java", form=_JDK, gradle_enable=True),),
    "elixir": (_language("elixir"),),
    "hexpm/elixir": (_language("elixir"), _language("erlang", form=_OTP)),
    "erlang": (_language("erlang"),),
    "haskell": (_language("haskell"),),
    "julia": (_language("julia"),),
    "swift": (_language("swift"),),
    "dart": (_language("dart"),),
    "perl": (_language("perl"),),
    "r-base": (_language("r"),),
    **dict.fromkeys(("rocker/r-ver", "rocker/tidyverse", "rocker/verse"), (_language("r"),)),
    "clojure": (_language("clojure", form=r"(?!)"),),
    "gcc": (_language("cplusplus"),),
    "denoland/deno": (_language("deno", form=r"(?:alpine|debian|distroless|ubuntu)?-?(\d+(?:\.\d+)*)"),),
    "oven/bun": (_language("javascript", form=r"(?!)", bun_enable=True),),
    "crystallang/crystal": (_language("crystal"),),
    "nimlang/nim": (_language("nim"),),
    "hashicorp/terraform": (_language("terraform"),),
    "ghcr.io/gleam-lang/gleam": (_language("gleam"),),
    "astral-sh/uv": (_language("python", form=r"python(3\.\d+(?:\.\d+)*)", uv_enable=True),),
    "dotnet/sdk": (_language("dotnet"),),
    "dotnet/aspnet": (_language("dotnet"),),
    "dotnet/runtime": (_language("dotnet"),),
    "devcontainers/python": (_language("python", form=_DEVCONTAINER),),
    "devcontainers/anaconda": (_language("python", form=r"(?!)"),),
    "devcontainers/javascript-node": (_language("javascript", form=_DEVCONTAINER),),
    "devcontainers/typescript-node": (
        _language("javascript", form=_DEVCONTAINER),
        _language("typescript", form=r"(?!)"),
    ),
    "devcontainers/go": (_language("go", form=_DEVCONTAINER),),
    "devcontainers/rust": (_language("rust", form=r"(?!)"),),
    "devcontainers/ruby": (_language("ruby", form=_DEVCONTAINER),),
    "devcontainers/java": (_language("java", form=_DEVCONTAINER),),
    "devcontainers/php": (_language("php", form=_DEVCONTAINER),),
    "devcontainers/dotnet": (_language("dotnet", form=_DEVCONTAINER),),
    "devcontainers/cpp": (_language("cplusplus", form=r"(?!)"),),
    "tiangolo/uvicorn-gunicorn-fastapi": (_language("python", form=_PYTHON_WITHIN),),
    "tiangolo/uvicorn-gunicorn": (_language("python", form=_PYTHON_WITHIN),),
    **dict.fromkeys(
        ("continuumio/miniconda3", "continuumio/anaconda3", "condaforge/miniforge3", "mambaorg/micromamba"),
        (_language("python", form=r"(?!)"),),
    ),
    "jupyter/base-notebook": (_language("python", form=r"python-(3\.\d+(?:\.\d+)*)"),),
    "jupyter/scipy-notebook": (_language("python", form=r"python-(3\.\d+(?:\.\d+)*)"),),
    # Services.
    **dict.fromkeys(
        (
            "postgres",
            "postgis/postgis",
            "bitnami/postgresql",
            "cimg/postgres",
            "circleci/postgres",
            "supabase/postgres",
        ),
        (_service("postgres", 5432),),
    ),
    **dict.fromkeys(
        (
            "pgvector/pgvector",
            "ankane/pgvector",
            "timescale/timescaledb",
            "timescale/timescaledb-ha",
            "tensorchord/pgvecto-rs",
        ),
        (_service("postgres", 5432, r".*?pg(\d+)"),),
    ),
    **dict.fromkeys(("redis", "bitnami/redis", "cimg/redis", "circleci/redis"), (_service("redis", 6379),)),
    "redis/redis-stack": (_service("redis", 6379, r"(?!)"),),
    "redis/redis-stack-server": (_service("redis", 6379, r"(?!)"),),
    "valkey/valkey": (_service("redis", 6379, r"(?!)"),),
    **dict.fromkeys(
        ("mysql", "mysql/mysql-server", "bitnami/mysql", "cimg/mysql", "circleci/mysql"), (_service("mysql", 3306),)
    ),
    **dict.fromkeys(("mariadb", "bitnami/mariadb", "cimg/mariadb"), (_service("mysql", 3306, r"(?!)"),)),
    **dict.fromkeys(("mongo", "bitnami/mongodb", "mongodb/mongodb-community-server"), (_service("mongodb", 27017),)),
    **dict.fromkeys(("rabbitmq", "bitnami/rabbitmq"), (_service("rabbitmq", 5672),)),
    **dict.fromkeys(("memcached", "bitnami/memcached"), (_service("memcached", 11211),)),
    **dict.fromkeys(
        ("elasticsearch", "elasticsearch/elasticsearch", "elasticsearch/elasticsearch-oss", "bitnami/elasticsearch"),
        (_service("elasticsearch", 9200),),
    ),
    "opensearchproject/opensearch": (_service("opensearch", 9200),),
    **dict.fromkeys(("minio/minio", "bitnami/minio"), (_service("minio", 9000, r"(?!)"),)),
    "axllent/mailpit": (_service("mailpit", 1025),),
    "mailhog/mailhog": (_service("mailhog", 1025),),
    **dict.fromkeys(
        ("confluentinc/cp-kafka", "bitnami/kafka", "apache/kafka", "apache/kafka-native", "wurstmeister/kafka"),
        (_service("kafka", 9092, r"(?!)"),),
    ),
    "nats": (_service("nats", 4222),),
    "keycloak/keycloak": (_service("keycloak", 8080),),
    "jboss/keycloak": (_service("keycloak", 8080),),
    **dict.fromkeys(
        ("clickhouse/clickhouse-server", "yandex/clickhouse-server", "clickhouse"), (_service("clickhouse", 9000),)
    ),
    "getmeili/meilisearch": (_service("meilisearch", 7700),),
    "typesense/typesense": (_service("typesense", 8108),),
    "cassandra": (_service("cassandra", 9042),),
    "influxdb": (_service("influxdb", 8086),),
    "couchdb": (_service("couchdb", 5984),),
    "cockroachdb/cockroach": (_service("cockroachdb", 26257),),
    "amazon/dynamodb-local": (_service("dynamodb-local", 8000),),
    "softwaremill/elasticmq": (_service("elasticmq", 9324),),
    "softwaremill/elasticmq-native": (_service("elasticmq", 9324),),
    "eclipse-mosquitto": (_service("mosquitto", 1883),),
    "prom/prometheus": (_service("prometheus", 9090),),
    "temporalio/auto-setup": (_service("temporal", 7233),),
    **dict.fromkeys(("vault", "hashicorp/vault"), (_service("vault", 8200),)),
    "varnish": (_service("varnish", 80, sure=False),),
    "adminer": (_service("adminer", 8080),),
    "wiremock/wiremock": (_service("wiremock", 8080),),
    "kennethreitz/httpbin": (_service("httpbin", 80),),
    "otel/opentelemetry-collector": (_service("opentelemetry-collector", 4317),),
    "otel/opentelemetry-collector-contrib": (_service("opentelemetry-collector", 4317),),
    **dict.fromkeys(("nginx", "nginxinc/nginx-unprivileged", "bitnami/nginx"), (_service("nginx", 80, sure=False),)),
    "caddy": (_service("caddy", 80, sure=False),),
}


def read_reference(text: str) -> ImageReference:
    """Return an image by its parts, whichever registry has it."""
    name = text.strip().partition("@")[0]
    head, _, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    path = f"{head}/{last}" if head else last
    while found := _REGISTRY.match(path) or _MIRRORED.match(path):
        path = path[found.end() :]
    return ImageReference(path.lower(), tag)


def image_meanings(reference: ImageReference) -> Iterator[ImageMeaning]:
    """Yield what an image stands for, nothing for one that is not known."""
    rows = _ROWS.get(reference.name) or _ROWS.get(reference.name.rpartition("vscode/")[2], ())
    for row in rows:
        found = re.match(row.form, reference.tag)
        version = None if found is None else _telling(row, found[1])
        yield ImageMeaning(row.about, row.name, version, row.options, row.port, row.sure)


def _telling(row: _ImageRow, version: str) -> str | None:
    """Return a version that says something of a language, None for one that does not."""
    if row.about != "language" or "." in version:
        return version
    if row.name == "python" and len(version) > 1 and version[0] == "3":
        return f"3.{version[1:]}"  # py311
    return None if row.name in _BY_MINOR or int(version) < _FIRST_OF_ONE else version
