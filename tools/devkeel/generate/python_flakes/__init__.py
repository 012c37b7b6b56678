"""One Python environment for several flakes: who makes it, who takes it, and who puts them together.

Each names what it takes as inputs and what it gives as outputs, and functions stand under `lib`: an argument of
`outputs` that is no input would be looked for in a registry.
"""

__all__: list[str] = []
