"""What libraries and build tools of Python print in words of their own."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read


@pytest.mark.parametrize(
    ("text", "kind", "subject"),
    [
        (
            "ImportError: Unable to find a usable engine; tried using: 'pyarrow', 'fastparquet'.",
            "python_module",
            "pyarrow",
        ),
        ("ImportError: no pq wrapper available.", "python_module", "psycopg"),
        ("requests.exceptions.InvalidSchema: Missing dependencies for SOCKS support.", "python_module", "pysocks"),
        ("ImportError: this requires `accelerate>=0.26.0`: Please run", "python_module", "accelerate"),
        ("no theme named 'sphinx_rtd_theme' found (missing theme.toml?)", "python_module", "sphinx_rtd_theme"),
        ("Config value 'theme': Unrecognised theme name: 'material'.", "python_module", "mkdocs-material"),
        ("error: Failed to spawn: `alembic`\n  Caused by: No such file or directory", "program", "alembic"),
        ("ERROR: Failed building wheel for h5py", "unbuilt", "h5py"),
        (
            "Collecting PyYAML==5.4.1\n  Using cached PyYAML-5.4.1.tar.gz\n  Getting requirements to build "
            "wheel ... error",
            "unbuilt",
            "PyYAML",
        ),
    ],
)
def test_what_is_missing_is_named(text: str, kind: str, subject: str) -> None:
    causes = [item for item in read(text).causes if item.kind == kind]
    assert subject in [item.subject for item in causes]
