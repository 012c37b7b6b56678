"""Services that devenv has, by the ports at which their clients look for them and by the words that clients use."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SERVICES", "Service", "service_named", "services_at"]


class Service(Struct, frozen=True, dict=True):
    """A service of devenv, by the names, ports and words that its clients have for it.

    name: below `services`. ports: where it listens by default, each with the settings that it needs to do so there.
    shared: those of these ports at which many others listen, so that the port alone says nothing. words: a pattern of
    what its clients print and are called. port_option: where another port is set, below the service; None where none
    is. tcp: settings without which it listens at no port. license: where its package may not be used without a permit,
    its name.
    """

    name: str
    ports: dict[int, dict[str, Any]]
    words: str
    shared: frozenset[int] = frozenset()
    port_option: str | None = None
    tcp: dict[str, Any] = {}
    unfree: str | None = None

    @cached_property
    def speech(self) -> re.Pattern[str]:
        """Its words, as they may stand in any case."""
        return re.compile(self.words, re.IGNORECASE)


def _service(
    name: str,
    words: str,
    *ports: int,
    port_option: str | None = "port",
    shared: tuple[int, ...] = (),
    tcp: dict[str, Any] | None = None,
    needs: dict[int, dict[str, Any]] | None = None,
    unfree: str | None = None,
) -> Service:
    with_needs = {**{port: {} for port in ports}, **(needs or {})}
    return Service(name, with_needs, words, frozenset(shared), port_option, tcp or {}, unfree)


# The defaults of devenv's modules, `src/modules/services/`; where two listen at one port, the first is meant unless
# words say otherwise.
SERVICES: tuple[Service, ...] = (
    _service(
        "postgres",
        r"postgres|psycopg|PGSQL|\bpg\b|npgsql|asyncpg|libpq|\bpq:|\bPG::|createdb|psql|alembic\.runtime",
        5432,
        tcp={"listen_addresses": "127.0.0.1"},
    ),
    _service("redis", r"redis|sidekiq|valkey|bullmq|resque", 6379),
    _service("mysql", r"mysql|mariadb|\bmaria\b", 3306, port_option="settings.mysqld.port"),
    _service("mongodb", r"mongo", 27017, port_option=None, unfree="mongodb"),
    _service("rabbitmq", r"amqp|rabbit|\bbunny\b|\bpika\b", 5672, needs={15672: {"managementPlugin.enable": True}}),
    _service("kafka", r"kafka|bootstrap[._ -]?(?:servers?|brokers?)", 9092, port_option=None),
    _service("elasticsearch", r"elastic", 9200, 9300, unfree="elasticsearch"),
    _service("opensearch", r"opensearch", 9200, 9300, port_option='settings."http.port"', shared=(9200, 9300)),
    _service("memcached", r"memcache|dalli|pymemcache", 11211),
    _service("minio", r"minio|\bs3\b|boto", 9000, 9001, port_option=None, shared=(9000, 9001)),
    _service("clickhouse", r"clickhouse", 8123, 9000, shared=(9000,)),
    _service("cassandra", r"cassandra|cql", 9042, port_option=None),
    _service("couchdb", r"couch", 5984, port_option="settings.chttpd.port"),
    _service("cockroachdb", r"cockroach", 26257, port_option=None),
    _service("dynamodb-local", r"dynamo", 8000, shared=(8000,)),
    _service("elasticmq", r"elasticmq|\bsqs\b", 9324, port_option=None),
    _service("influxdb", r"influx", 8086),
    _service(
        "keycloak", r"keycloak|openid-configuration|/realms/", 8080, port_option='settings."http-port"', shared=(8080,)
    ),
    _service("mailpit", r"mailpit|smtp|net::smtp|nodemailer", 1025, 8025, port_option=None, shared=(8025,)),
    _service("mailhog", r"mailhog", 1025, 8025, port_option=None, shared=(1025, 8025)),
    _service("meilisearch", r"meili", 7700, port_option="listenPort"),
    _service("mosquitto", r"mqtt|mosquitto", 1883),
    _service("nats", r"\bnats\b", 4222),
    _service("prometheus", r"prometheus", 9090, shared=(9090,)),
    _service("temporal", r"temporal", 7233, 8233),
    _service("typesense", r"typesense", 8108),
    _service("vault", r"vault", 8200, port_option=None),
    _service("opentelemetry-collector", r"otlp|opentelemetry|otel", 4317, 4318, port_option=None),
    _service("sqld", r"libsql|sqld|turso", 8080, shared=(8080,)),
    _service("wiremock", r"wiremock", 8080, shared=(8080,)),
    _service("httpbin", r"httpbin", 8080, port_option=None, shared=(8080,)),
    _service("varnish", r"varnish", 6081, port_option=None),
    _service("blackfire", r"blackfire", 8307, port_option=None),
    _service("garage", r"\bgarage\b", 3900, port_option=None, shared=(3900,)),
    _service("rustfs", r"rustfs", 9000, 9001, shared=(9000, 9001)),
)
_BY_NAME = {service.name: service for service in SERVICES}


def service_named(name: str) -> Service | None:
    """Return a service by its name below `services`."""
    return _BY_NAME.get(name)


def services_at(port: int) -> Iterator[Service]:
    """Yield the services that listen at a port by default, the likeliest first."""
    yield from (service for service in SERVICES if port in service.ports)
