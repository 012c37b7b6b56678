"""Reading Nix text: the tree, its definitions, scopes and values."""

__all__: list[str] = []
