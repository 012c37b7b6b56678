"""The `.envrc` by which direnv enters what was applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import UsageError
from devkeel.generate.kind import Generated, GeneratedFile, Generator
from devkeel.generate.parameters import Parameter
from devkeel.generate.part import PartText
from devkeel.project.envrc import ENVRC as FILE
from devkeel.project.envrc import entering, own_part, prompting, why_no_prompt
from devkeel.project.envrc import prompt as in_prompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from devkeel.generate.kind import ProjectSource

__all__ = ["ENVRC", "envrc_part"]

_KIND = "envrc"


def envrc_part(watched: Iterable[str], name: str | None, shown: str | None) -> PartText:
    """Return the part that enters an environment. watched: files of the declaration. shown: the prompt."""
    text = "".join(f"{line}\n" for line in (*entering(watched, name), *prompting(shown)))
    given = {"environment": name, "prompt": shown}
    return PartText(_KIND, text, {key: value for key, value in given.items() if value is not None})


def _generate(source: ProjectSource) -> Generated:
    """Return the lines that enter the environment, and that watch the files that declare it."""
    name, template = source.parameters["environment"], source.parameters["prompt"]
    part = envrc_part(sorted(source.declared), name, _shown(template, source.backend, name))
    return Generated(
        (GeneratedFile(FILE, part.text),),
        source.given,
        runs=("when direnv allows it and the project is entered",),
    )


def _shown(template: str | None, backend: str, name: str | None) -> str | None:
    """Return the prompt. Raises UsageError `bad_prompt`, also where no name is given for it to say."""
    if template is None:
        return None
    if name is None and why_no_prompt(template) is None and ("{env_name}" in template or "{name}" in template):
        raise UsageError(
            "bad_prompt",
            "The prompt says the name of the environment, and none is given.",
            seen=template[:200],
            remedy="Give the parameter environment too, or another prompt.",
        )
    return in_prompt(template, backend, name or "")


def _adopted(name: str, data: bytes) -> bytes:  # noqa: ARG001  (there is one file)
    """Return an `.envrc` whose part has a digest: one that devkeel wrote otherwise, and that has its lines alone."""
    found = own_part(data.decode("utf-8", "surrogateescape"))
    if found is None:
        return data
    text = "".join(f"{line}\n" for line in found.lines)
    given = {"environment": found.name, "prompt": found.prompt}
    part = PartText(_KIND, text, {key: value for key, value in given.items() if value is not None})
    made = "".join((found.before, *(f"{line}\n" for line in part.lines()), found.after))
    return made.encode("utf-8", "surrogateescape")


def _places(_parameters: Mapping[str, Any]) -> tuple[str, ...]:
    return (FILE,)


ENVRC = Generator(
    _KIND,
    "The .envrc by which direnv enters the environment.",
    (
        Parameter("environment", "The name of an environment; else the active one.", pattern=r"[\w.-]{1,64}"),
        Parameter("prompt", "What DEVKEEL_PROMPT says, with {backend} and {env_name}."),
    ),
    _places,
    _generate,
    _adopted,
    enters=lambda _given: True,
)
