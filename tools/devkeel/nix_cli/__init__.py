"""Asking Nix and devenv: settings, locks, fetching, confined evaluation, builds, shells."""

__all__: list[str] = []
