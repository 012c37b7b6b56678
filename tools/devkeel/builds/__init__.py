"""What Nix makes beyond the shell: builds, evaluations, ad-hoc programs, shells as data."""

__all__: list[str] = []
