"""What programs print that were built elsewhere, which a registry of a language delivers, where Nix runs them.

They look for libraries and for their loader where other systems have them. Such a program is told by a variable to take
the one of nixpkgs instead; which variable, the remedies know by the name of the phrase.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.diagnosis.phrase import Phrase

if TYPE_CHECKING:
    from devkeel.diagnosis.cause import Kind

__all__ = ["PHRASES"]

_GONE = r"[^\n]{0,80}(?:error while loading shared libraries|cannot open shared object file|No such file|required file not found)"


def _row(name: str, subject: str, hint: str, pattern: str = "", kind: Kind = "soname", weight: int = 92) -> Phrase:
    return Phrase(name, kind, hint, pattern or re.escape(hint), weight=weight, subject=subject)


PHRASES = (
    _row("electron.library", "electron", "electron/dist/electron", rf"electron/dist/electron{_GONE}"),
    _row(
        "electron.stub",
        "electron",
        "electron/dist/electron",
        r"dynamically linked executable: \S*electron/dist/electron",
    ),
    _row("puppeteer.library", "chromium", "puppeteer", rf"puppeteer/\S{{1,200}}{_GONE}"),
    _row("puppeteer.stub", "chromium", "puppeteer", r"dynamically linked executable: \S*puppeteer/"),
    _row("playwright.library", "playwright-driver", "ms-playwright", rf"ms-playwright/\S{{1,200}}{_GONE}"),
    _row("playwright.stub", "playwright-driver", "ms-playwright", r"dynamically linked executable: \S*ms-playwright/"),
    _row("playwright.host", "playwright-driver", "Host system is missing dependencies"),
    _row("cypress.library", "cypress", "Cypress/Cypress", rf"Cypress/Cypress{_GONE}"),
    # Prisma: its engines are chosen by the OpenSSL that they find, and built for other systems.
    _row("prisma.stub", "prisma-engines", "@prisma/engines", r"dynamically linked executable: \S*@prisma/engines"),
    _row("prisma.engine", "prisma-engines", "linux-nixos", r"(?:[Pp]risma|[Ee]ngine)[^\n]{0,120}linux-nixos"),
    _row("prisma.ssl", "prisma-engines", "Prisma failed to detect the libssl/openssl", weight=60),
    # stub-ld of NixOS: nixpkgs may have the same program.
    Phrase(
        "nixos.stub",
        "program",
        "Could not start dynamically linked executable",
        r"dynamically linked executable: (?:[^\s/]{0,200}/){0,40}(?P<subject>[A-Za-z][\w.+-]{0,60})\s*$",
        weight=85,
    ),
    # What is there, and works otherwise than a build expects.
    _row("node.legacy_ssl", "openssl", "digital envelope routines::unsupported", kind="version"),
    _row("node.legacy_ssl_code", "openssl", "ERR_OSSL_EVP_UNSUPPORTED", kind="version"),
    _row(
        "gcc.fortify",
        "_FORTIFY_SOURCE",
        "_FORTIFY_SOURCE requires compiling with optimization",
        r"error: [^\n]{0,20}_FORTIFY_SOURCE requires",
        kind="compiler",
    ),
)
