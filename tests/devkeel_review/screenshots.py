"""Makes the pictures of docs/review anew: `python -m tests.devkeel_review.screenshots`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Make each picture by the test that also holds them; what was there goes."""
    kept = ROOT / "docs" / "review"
    kept.mkdir(exist_ok=True)
    for path in kept.glob("*.png"):
        path.unlink()
    os.environ["DEVKEEL_SCREENSHOTS"] = str(kept)
    return pytest.main(["-q", "-n0", "-p", "no:cacheprovider", str(Path(__file__).with_name("test_screenshots.py"))])


if __name__ == "__main__":
    sys.exit(main())
