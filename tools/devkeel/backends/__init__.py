"""Backends: what realises the environment that a project declares, one module each against one Protocol."""

from devkeel.backends.backend import Applied, Backend, Evidence, Finding, LockStatus, Realisation

__all__ = ["Applied", "Backend", "Evidence", "Finding", "LockStatus", "Realisation"]
