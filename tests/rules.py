"""Rules of docs/environments.md, of seven kinds: each a name, and the words by which the page says it.

A test bears the name of a rule as its mark: `@pytest.mark.rule("naming: reserved")`. `tests/test_rules.py` holds that
each rule stands on the page and has a test, and that no mark names another.
"""

from __future__ import annotations

from typing import Final

__all__ = ["RULES"]

RULES: Final = {
    "naming: default": "`environment` in devkeel.toml, `name` in environment.yml, or the directory's",
    "naming: kept": "and stays when the directory is renamed",
    "naming: letters": "in lower case with hyphens, a letter or an underscore first",
    "naming: reserved": "`base`, `root` and `default` are reserved",
    "naming: mixed": "another backend than the declared one needs `--mixed`",
    "naming: moved": "The registry has no absolute path, so that a project can be moved",
    "naming: one of nix": "A shell of Nix is one, not many",
    "naming: own kind": "Each may have a backend and a Python of its own",
    "naming: not by entering": "In an `.envrc` it switches nothing",
    "naming: not by failing": "and what fails switches nothing",
    "naming: active": "The one that is meant where a call names none is the *active* one",
    "prompt: shown": "In an interactive shell the code puts `(venv:demo)` before the prompt, backend and name",
    "prompt: elsewhere": "direnv cannot change a prompt; there `DEVKEEL_PROMPT` has the text",
    "prompt: as set": '`prompt = "[{env_name}]"` in devkeel.toml says it otherwise',
    "prompt: off": "`prompt = false` not at all",
    "prompt: nothing runs": "what a shell would expand (`$`, `!`, `%`, a backquote, a backslash) is refused there",
    "lock: never begun": "A lock is consumed as it is, and never begun or renewed behind your back",
    "lock: what is declared": "a change that declares an input or a library locks it in the lock that is there",
    "lock: uv.lock is stale": "what it recorded of dependencies, extras and groups, and of `requires-python`",
    "lock: uv.lock by uv": "by uv, where it is there, all else that uv compares",
    "lock: requirements are stale": "the requirements of the file ending in `.in` against its versions",
    "lock: conda-lock.yml is stale": "its packages against environment.yml; its platforms against this machine's",
    "lock: devenv.lock is stale": "its inputs against devenv.yaml",
    "lock: flake.lock is stale": "its inputs against the text of flake.nix",
    "lock: by content": "It is stale when its content says so, whatever its time",
    "lock: warn": "without one `apply` warns",
    "lock: strict": "`--strict` makes an error of it and of a lock that is missing",
    "lock: uv.lock without uv": "uv.lock without uv is an error too: pip would not install what it pins",
    "lock: hashes": "holds what it installs to the hashes of uv.lock, conda-lock.yml and a requirements file",
    "lock: platform": "refuses a lock that has nothing for this platform",
    "channel: of the call": "`--channel` names channels in place of the declared ones",
    "channel: described": "those of conda, in place of the manifest's",
    "guardrail: order": "`backend` in [devkeel.toml](settings.md); the files that are there; else devenv",
    "guardrail: no tool decides": "A tool that happens to be installed decides nothing",
    "guardrail: root": "The project's root is the nearest parent directory with any of these files",
    "guardrail: no stand-in": "the error says what to install, and pip never stands in",
    "guardrail: declared twice": "More than one declaration is named in the result",
    "guardrail: nothing by itself": "Nothing is installed by itself",
    "guardrail: asked": "on a terminal the question is asked, in CI never",
    "guardrail: published": "The download is held to the SHA-256 that is published beside it",
    "guardrail: pip beside conda": "`PIP_REQUIRE_VIRTUALENV` is set, so that pip installs nothing beside conda",
    "guardrail: pip section": "section of environment.yml is refused, unless it is allowed",
    "guardrail: base": "Conda's base environment is never activated",
    "guardrail: hidden": "hides the variables of an environment that you have entered meanwhile",
    "guardrail: whole": "It is put in use in one step when it is whole and its libraries import",
    "guardrail: copies": "a copy lies in its place, the code says so and enters nothing",
    "guardrail: python": "where none fits, that is an error",
    "guardrail: python of the call": "goes before what is pinned, not before a range that pyproject.toml requires",
    "guardrail: what was asked": "holds for that environment until another call asks for something",
    "guardrail: described": "goes before what is described, for that environment, and is said",
    "guardrail: own envrc": "An `.envrc` that devkeel did not write is left alone",
    "guardrail: for its user": "Only you can read it, because captured variables may be secrets",
    "guardrail: pythons disagree": "Two places that leave no Python are refused",
    "worktree: taken over": "A worktree that has no environment yet takes over what another one has in use",
    "worktree: anew": "A later `apply` resolves anew, as everywhere without a lock",
    "ci: one line": "the file that shells and hosts source and the line for CI all mean the same",
    "ci: same variables": "give the same variables and the same Python",
    "ci: to be entered": "To evaluate it twice is to enter once; the environment before is left",
}
