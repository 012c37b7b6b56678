"""What clients print where no server answers: an address of this machine with a port, a socket, or a service by name.

A connection that was refused by another machine is a cause too, of a network that no declaration mends.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

# This machine, as clients write it; and an address, then its port, with what each puts between them: `127.0.0.1:5432`,
# `('127.0.0.1', 5432)`, `host='localhost', port=9200`, `"localhost" (127.0.0.1), port 5432`, `localhost port 9200`,
# `localhost`:`5432`, `localhost/127.0.0.1:9092`, `localhost/<unresolved>:6379`, `ipv4#127.0.0.1:9092`.
_HERE = (
    r"(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|::1|::|0:0:0:0:0:0:0:1|::ffff:127\.0\.0\.1|host\.docker\.internal)"
)
_BETWEEN = r"[\]\"'`]{0,2}(?:/[\w.<>:]{1,40}| \([\w.:]{1,40}\)|,? ?\|[\w.:]{1,40}\|){0,2}[\]\"'`]{0,2}"
_HOST = rf"(?<![\w.])(?P<host>{_HERE}){_BETWEEN}"
_PORT = r"(?::[\"'`]?|,? ?(?:on |TCP )?port[ =:]{1,2}|, ?)(?P<subject>\d{2,5})(?!\d|\.\d)"
_LOCAL = _HOST + _PORT


def _refused(
    name: str, hint: str, pattern: str = _LOCAL, *, lines: int = 1, before: int = 0, weight: int = 70
) -> Phrase:
    return Phrase(f"connection.{name}", "service", hint, pattern, lines=lines, before=before, weight=weight)


def _named(service: str, name: str, hint: str, pattern: str, *, lines: int = 1, weight: int = 68) -> Phrase:
    """Return a sentence that only clients of one service print."""
    facts = MappingProxyType({"service": service})
    return Phrase(
        f"{service}.{name}", "service", hint, pattern, lines=lines, weight=weight, subject=service, facts=facts
    )


# The words around an address: of the system's errors, of Node, Erlang, curl, the JVM, .NET, Prisma, librdkafka and of
# scripts that wait for a port.
_WORDS = (
    ("refused", "efused", 1, 0),
    ("refused_wrapped", "efused", 2, 1),
    ("node", "ECONNREFUSED", 1, 0),
    ("jvm", "could not be established", 1, 0),
    ("prisma", "Can't reach database server", 2, 0),
    ("could_not", "ould not connect to", 2, 0),
    ("failed_to", "ailed to connect to", 2, 0),
    ("unable_to", "nable to connect to", 2, 0),
    ("dotnet_redis", "UnableToConnect on", 1, 0),
    ("pg_isready", "no response", 1, 0),
    ("wait_for_it", "timeout occurred after waiting", 1, 0),
    ("wait_for", "imed out", 1, 0),
    ("asyncio", "Connect call failed", 1, 0),
    ("mongo", "erverSelection", 1, 0),
    ("cassandra", "NoHostAvailable", 1, 0),
)
_SOCKET = r"(?P<path>[\w./@${}~-]{0,200}/)?"
PHRASES = (
    *(_refused(name, hint, lines=lines, before=before) for name, hint, lines, before in _WORDS),
    # Node prints an error as an object, and libpq before 14 its question on lines of their own.
    _refused(
        "node_object",
        "'ECONNREFUSED'",
        r"address: '(?P<host>[\w.:]{1,80})',\n {1,12}port: (?P<subject>\d{1,5})",
        lines=6,
    ),
    _refused(
        "libpq_before_14",
        "Is the server running on",
        rf"Is the server running on (?:that )?host \"?{_HERE}\"?[^\n]{{0,120}}"
        rf"(?:\n\s{{0,8}}TCP/IP connections)? on port"
        r" (?P<subject>\d{1,5})\?",
        lines=2,
    ),
    _refused("java", "ConnectException: Connection refused", lines=1, before=3),
    _refused("mongodb_java", "state=CONNECTING", rf"address={_HERE}:(?P<subject>\d{{2,5}})"),
    # A socket of PostgreSQL is `.s.PGSQL.PORT` in its directory (libpq, `UNIXSOCK_PATH`).
    _named("postgres", "socket", ".s.PGSQL.", rf"{_SOCKET}\.s\.PGSQL\.(?P<port>\d{{1,5}})\b(?![^\n]{{0,80}}FATAL)"),
    _named(
        "postgres",
        "jdbc",
        "org.postgresql.util.PSQLException",
        r"PSQLException: (?:Connection to \S{1,80} refused|The connection attempt failed)",
    ),
    # mysql's errmsg.c, CR_CONNECTION_ERROR and CR_CONN_HOST_ERROR; MariaDB leaves its name out.
    _named(
        "mysql",
        "socket",
        "an't connect to",
        rf"an't connect to local (?:MySQL |MariaDB )?server through socket '{_SOCKET}",
    ),
    _named(
        "mysql",
        "host",
        "an't connect to",
        rf"an't connect to (?:MySQL |MariaDB )?server on '{_HERE}(?::(?P<port>\d{{1,5}}))?'(?: ?\((?:\d|\[|errno"
        rf"|timed))?",
    ),
    _named("mysql", "pdo", "SQLSTATE[HY000] [2002]", r"SQLSTATE\[HY000\] \[2002\] (?:Connection refused|No such file)"),
    _named("mysql", "jdbc", "Communications link failure", r"Communications link failure"),
    _named(
        "rabbitmq",
        "amqp",
        "amqp",
        rf"(?:onnect|refused)[^\n]{{0,160}}\bamqps?://[^\s@/]{{0,120}}@?{_HERE}(?::(?P<port>\d{{2,5}}))?",
    ),
    _named("rabbitmq", "bunny", "Bunny::TCPConnectionFailed", r"Bunny::TCPConnectionFailed"),
    _named("rabbitmq", "pika", "AMQPConnectionError", r"\bAMQPConnectionError\b"),
    _named("rabbitmq", "spring", "AmqpConnectException", r"AmqpConnectException: "),
    _named(
        "redis",
        "celery",
        "redis://",
        rf"(?:onnect|refused|Error 111)[^\n]{{0,160}}\brediss?://[^\s@/]{{0,120}}@?{_HERE}(?::(?P<port>\d{{2,5}}))?",
    ),
    _named("redis", "php", "RedisException", r"RedisException: (?:Connection refused|Redis server \S{1,80} went away)"),
    _named(
        "redis",
        "lettuce",
        "RedisConnectionException",
        r"RedisConnectionException: Unable to connect(?! to \S{1,120}:\d)",
    ),
    _named("kafka", "python", "NoBrokersAvailable", r"\bNoBrokersAvailable\b"),
    _named("kafka", "sarama", "client has run out of available brokers", r"client has run out of available brokers"),
    _named("kafka", "librdkafka", "brokers are down", r"\d/\d brokers are down"),
    _named("kafka", "admin", "Timed out waiting for a node assignment", r"Timed out waiting for a node assignment"),
    _named("nats", "client", "nats: no servers available", r"nats: no servers available"),
    *(
        _named("memcached", f"client.{number}", hint, pattern)
        for number, (hint, pattern) in enumerate(
            (
                ("emcache", r"(?:Memcached::\w{1,40}|MemcacheError|MemcacheUnexpected)"),
                ("Dalli", r"Dalli::(?:Ring|Network)Error"),
                ("SERVER HAS FAILED", r"SERVER HAS FAILED"),
            )
        )
    ),
    _named("mongodb", "ruby", "Mongo::Error::NoServerAvailable", r"Mongo::Error::NoServerAvailable"),
    _named("elasticsearch", "client", "o living connections", r"o [Ll]iving connections"),
    # The last line of a long traceback, with or without the address.
    *(
        Phrase(
            f"{service}.error.{number}",
            "service",
            hint,
            rf"^(?:E {{3}})?{pattern}: (?![^\n]{{0,300}}(?:connecting to |host=['\"]|://)(?!{_HERE}))",
            weight=66,
            subject=service,
            facts=MappingProxyType({"service": service}),
        )
        for number, (service, hint, pattern) in enumerate(
            (
                ("elasticsearch", "elastic_transport.", r"elastic_transport\.Connection(?:Error|Timeout)"),
                ("elasticsearch", "elasticsearch.", r"elasticsearch\.(?:exceptions\.)?Connection(?:Error|Timeout)"),
                ("opensearch", "opensearchpy.", r"opensearchpy\.exceptions\.Connection(?:Error|Timeout)"),
                ("mongodb", "pymongo.", r"pymongo\.errors\.(?:ServerSelectionTimeoutError|AutoReconnect)"),
                ("redis", "redis.", r"redis\.exceptions\.ConnectionError"),
                ("nats", "nats.", r"nats\.errors\.NoServersError"),
                (
                    "meilisearch",
                    "meilisearch",
                    r"meilisearch(?:_python_sdk)?\.errors\.Meilisearch\w{0,12}CommunicationError",
                ),
                ("cassandra", "cassandra.", r"cassandra\.cluster\.NoHostAvailable"),
                ("clickhouse", "clickhouse_", r"clickhouse_driver\.errors\.(?:NetworkError|SocketTimeoutError)"),
            )
        )
    ),
    # Who says no more than that it was refused: what it was is left to the rest of the text.
    _refused(
        "unnamed_rust", "Connection refused", r"(?P<subject>Connection refused) \(os error (?:111|61)\)", weight=45
    ),
    _refused(
        "unnamed",
        "Connection refused",
        r"(?:Errno (?:111|61)\]|ConnectException:) (?P<subject>Connection refused)\s{0,4}$",
        weight=45,
    ),
    Phrase(
        "docker.daemon",
        "service",
        "Docker daemon",
        r"[Cc]annot connect to the Docker daemon",
        subject="docker",
        facts=MappingProxyType({"service": "docker"}),
        weight=70,
    ),
)


def _elsewhere(match: re.Match[str], _: str) -> bool:
    return re.fullmatch(_HERE, match["host"]) is None


PHRASES += tuple(
    Phrase(f"elsewhere.{name}", "network", hint, pattern, lines=2, weight=30, judge=_elsewhere)
    for name, hint, pattern in (
        ("node", "ECONNREFUSED", r"ECONNREFUSED (?P<subject>(?P<host>[\w.-]{1,120}):\d{1,5})"),
        (
            "libpq",
            "connection to server at",
            r"connection to server at \"(?P<subject>(?P<host>[\w.-]{1,120}))\"[^\n]{0,80} failed: (?!FATAL)",
        ),
        ("go", "dial tcp", r"dial tcp (?P<subject>(?P<host>[\w.-]{1,120}):\d{1,5}): "),
        ("curl", "Failed to connect to", r"Failed to connect to (?P<subject>(?P<host>[\w.-]{1,120})) port \d"),
    )
)
