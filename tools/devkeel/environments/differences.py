"""The variables that differ between the ways into one environment, each with its reason; all others are the same."""

from __future__ import annotations

__all__ = ["DIFFERENCES"]

DIFFERENCES = {
    "DEVKEEL_JOB": "What a server runs has it, so that all of a job can be ended.",
    "DIRENV_DIFF": "direnv keeps in it what it takes back on leaving.",
    "DIRENV_DIR": "direnv names in it the directory that it entered.",
    "DIRENV_FILE": "direnv names in it the .envrc that it evaluated.",
    "DIRENV_IN_ENVRC": "direnv says by it that it evaluates an .envrc.",
    "DIRENV_WATCHES": "direnv keeps in it the files at whose change it enters again.",
    "OLDPWD": "A shell that changes its directory says by it where it was.",
    "PATH": "What `run` starts has a folder in it that keeps the host's interpreters and installers away.",
    "SHLVL": "Shells count in it how deep they are in each other.",
    "_": "Shells say by it which program they started.",
}
