"""Whether a host could not be reached is read from what programs say."""

from __future__ import annotations

import re

import pytest

from devkeel.diagnosis.network import HOSTS, is_unreached


@pytest.mark.parametrize(
    "told",
    [
        "error: Failed to fetch: `https://index.example.org/numpy/`",
        "error sending request for url (https://channel.example.org/)",
        "npm error code ENOTFOUND",
        "urllib3.exceptions.NewConnectionError: [Errno -3] Temporary failure in name resolution",
        "warning: spurious network error (3 tries remaining)",
        "curl: (6) Could not resolve host: channel.example.org",
        "curl: (7) Failed to connect to gems.example.org port 443",
    ],
)
def test_a_resolver_without_a_network_says_so(told: str) -> None:
    assert is_unreached(told)


@pytest.mark.parametrize(
    "told", ["Because numpy>=3 is not there, it does not resolve", "ERROR: No matching distribution found for x"]
)
def test_what_does_not_resolve_is_not_the_network(told: str) -> None:
    assert not is_unreached(told)
    assert not re.search(HOSTS, told)
