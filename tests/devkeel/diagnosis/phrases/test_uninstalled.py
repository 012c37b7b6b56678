"""What programs print where something is declared that nothing has installed or made yet."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.phrases.uninstalled import PHRASES
from devkeel.diagnosis.reading import read
from devkeel.remedies.tables import table


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("PHP Fatal error:  Uncaught Error: Failed opening required '/w/vendor/autoload.php'", "composer-install"),
        (
            '* phoenix (Hex package)\n  the dependency is not available, run "mix deps.get"',
            "mix-deps",
        ),
        ('│ Error: Inconsistent dependency lock file\n│ Run "terraform init" to install them', "terraform-init"),
        ("Error: found in Chart.yaml, but missing in charts/ directory: redis", "helm-build"),
        ("║     npx playwright install                                          ║", "playwright-install"),
        ('@prisma/client did not initialize yet. Please run "prisma generate"', "prisma-generate"),
        (
            "error NETSDK1004: Assets file '/w/obj/project.assets.json' not found. Run a NuGet package restore",
            "dotnet-restore",
        ),
        (' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile"', "pnpm-install"),
        ("OSError: [E050] Can't find model 'en_core_web_sm'. It doesn't seem to be a Python package", "spacy-download"),
    ],
)
def test_the_command_is_known(text: str, command: str) -> None:
    causes = [item for item in read(text).causes if item.kind == "uninstalled"]
    assert [item.facts["do"] for item in causes] == [command]


def test_each_phrase_has_a_command() -> None:
    assert {phrase.facts["do"] for phrase in PHRASES} <= {*table("commands")}
