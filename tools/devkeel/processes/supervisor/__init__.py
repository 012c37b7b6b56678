"""The program that runs a plan where devenv's command is not installed: one for a project, until it is ended.

It speaks as devenv's native process manager does (devenv, devenv-processes/src/manager.rs), at the same place.
"""

__all__: list[str] = []
