"""Writing Nix text: where an edit goes, how it looks, and the proof that nothing else changed."""

__all__: list[str] = []
