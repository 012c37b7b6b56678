"""Where a server listens, and the names that it goes by."""

from __future__ import annotations

import socket

import pytest

from devkeel.errors import UsageError
from devkeel_loopback.listening import address_of, listen, names

BEYOND = UsageError("token_required", "Not there.")


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:0", ":0", "127.1.2.3:0"])
def test_an_address_of_this_machine_is_listened_at(address: str) -> None:
    with listen(address, beyond=BEYOND) as listening:
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        where = address_of(listening)
        with socket.create_connection(listening.getsockname()[:2]):
            assert int(where.rpartition(":")[2]) == listening.getsockname()[1]


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "0:0"])
def test_another_address_is_refused_where_it_is_not_meant(address: str) -> None:
    with pytest.raises(UsageError) as raised:
        listen(address, beyond=BEYOND)
    assert raised.value is BEYOND or raised.value.code == "bad_address"  # a machine may be without IPv6


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "nowhere.invalid:0", "", "127.0.0.1:-1"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError) as raised:
        listen(address, beyond=None)
    assert raised.value.code == "bad_address"


def test_a_port_that_is_taken_is_refused() -> None:
    with listen("127.0.0.1:0", beyond=BEYOND) as listening, pytest.raises(UsageError) as raised:
        listen(address_of(listening), beyond=BEYOND)
    assert raised.value.code == "bad_address"


def test_a_server_goes_by_the_names_of_loopback_and_by_those_that_it_is_given() -> None:
    assert names("Machine:80", ["Further"]) == {"127.0.0.1", "localhost", "[::1]", "machine", "further"}
    assert names(":80") == {"127.0.0.1", "localhost", "[::1]"}
