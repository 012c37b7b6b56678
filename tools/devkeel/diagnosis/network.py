"""Whether a program could not reach a host, by what it says: the one list of such sentences."""

from __future__ import annotations

import re

__all__ = ["FETCHING", "HOSTS", "is_unreached"]

# What libcurl (lib/strerror.c, lib/connect.c), the C library and Git say of a host that does not answer.
HOSTS = (
    r"Could(?: not|n't) (?:resolve|connect)|Failed to connect|Connection (?:refused|reset|timed out)"
    r"|(?:Operation|Resolving) timed out|Network is unreachable|Temporary failure in name resolution|No route to host"
    r"|SSL (?:connect|peer)"
)
# What Nix says around it when it fetches (src/libstore/filetransfer.cc, src/libfetchers/git.cc).
FETCHING = r"unable to download|program 'git' failed|cannot open connection to|failed to fetch"
# What the resolvers of languages say: uv and rattler (reqwest), pip (urllib3), npm (Node's codes), cargo, bundler.
_RESOLVERS = (
    r"error sending request|dns error|NewConnectionError|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|network error|timed out"
    r"|spurious network error|offline"
)
_ANY = re.compile(f"{HOSTS}|failed to fetch|{_RESOLVERS}", re.IGNORECASE)


def is_unreached(told: str) -> bool:
    """Return whether a resolver ended for want of a network, by what it printed."""
    return _ANY.search(told) is not None
