"""What programs say that were built for other systems, and what a build expects otherwise."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

GONE = (
    "error while loading shared libraries: libglib-2.0.so.0: cannot open shared object file: No such file or directory"
)
SAID = [
    (f"/w/node_modules/electron/dist/electron: {GONE}", "electron.library"),
    (f"/root/.cache/puppeteer/chrome/linux-131/chrome-linux64/chrome: {GONE}", "puppeteer.library"),
    (f"/root/.cache/ms-playwright/chromium-1140/chrome-linux/chrome: {GONE}", "playwright.library"),
    ("Host system is missing dependencies to run browsers.", "playwright.host"),
    (f"/root/.cache/Cypress/13.0.0/Cypress/Cypress: {GONE}", "cypress.library"),
    (
        "Could not start dynamically linked executable: /w/node_modules/@prisma/engines/schema-engine-debian",
        "prisma.stub",
    ),
    ("Precompiled engine files are not available for linux-nixos.", "prisma.engine"),
    ("prisma:warn Prisma failed to detect the libssl/openssl version to use", "prisma.ssl"),
    ("Could not start dynamically linked executable: /w/.venv/bin/ruff", "nixos.stub"),
    ("Error: error:0308010C:digital envelope routines::unsupported", "node.legacy_ssl"),
    ("features.h:422:4: error: #warning _FORTIFY_SOURCE requires compiling with optimization (-O)", "gcc.fortify"),
]


@pytest.mark.parametrize(("text", "phrase"), SAID)
def test_it_is_known_for_what_it_is(text: str, phrase: str) -> None:
    assert read(f"> app start\n{text}\n").causes[0].said_by == phrase


@pytest.mark.parametrize(
    "text",
    [
        "features.h:422:4: warning: #warning _FORTIFY_SOURCE requires compiling with optimization (-O)",
        "* installing to library /srv/terrain/renv/library/linux-nixos-unknown/R-4.5",
        "added 120 packages: electron, puppeteer and @prisma/engines",
    ],
)
def test_other_words_are_no_cause(text: str) -> None:
    assert read(text).causes == ()
