"""Build the tables of what packages provide: `python -m devkeel.catalogue.provided DATABASE [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path

from devkeel.catalogue.provided.build import build
from devkeel.catalogue.provided.table import open_table

__all__ = ["main"]


def main(argv: list[str]) -> int:
    """Write the tables of a database of nix-index into a folder that exists, without one where devkeel ships them."""
    if len(argv) not in (1, 2):
        sys.stderr.write("usage: python -m devkeel.catalogue.provided DATABASE [FOLDER]\n")
        return 2
    folder = Path(argv[1]) if len(argv) > 1 else Path(__file__).parent
    with Path(argv[0]).open("rb") as file:
        tables = build(file)
    for name, data in tables.items():
        path = folder / f"{name}.table"
        path.write_bytes(data)
        sys.stdout.write(f"{name:<14} {sum(1 for _ in open_table(path).every()):>8} names {len(data):>9} bytes\n")
    sys.stdout.write(f"{'all':<33} {sum(map(len, tables.values())):>9} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
