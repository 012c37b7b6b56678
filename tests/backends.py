"""A build back end of our own (PEP 517, PEP 660), so that a project is built and installed without an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BUILD_SYSTEM", "make_buildable"]

BUILD_SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "own_back_end"\nbackend-path = ["."]\n'
_BACK_END = """\
import pathlib, tomllib, zipfile

def get_requires_for_build_wheel(config_settings=None):
    return []

get_requires_for_build_editable = get_requires_for_build_wheel

def _metadata():
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += [f"Requires-Dist: {item}" for item in project.get("dependencies", [])]
    for extra, items in project.get("optional-dependencies", {}).items():
        lines += [f"Provides-Extra: {extra}"] + [f"Requires-Dist: {item}; extra == '{extra}'" for item in items]
    scripts = "".join(f"{name} = {value}\\n" for name, value in project.get("scripts", {}).items())
    return f"{project['name']}-{project['version']}", "\\n".join(lines) + "\\n", scripts

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    stem, metadata, scripts = _metadata()
    files = {
        "own.pth": str(pathlib.Path.cwd() / "src") + "\\n",
        f"{stem}.dist-info/METADATA": metadata,
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{stem}.dist-info/entry_points.txt": f"[console_scripts]\\n{scripts}",
    }
    files[f"{stem}.dist-info/RECORD"] = "".join(f"{name},,\\n" for name in files)
    name = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name

build_wheel = build_editable
"""


def make_buildable(root: Path, module: str) -> None:
    """Give a project the back end and a module in `src`."""
    (root / "own_back_end.py").write_text(_BACK_END)
    (root / "src").mkdir(exist_ok=True)
    (root / "src" / f"{module}.py").write_text("def main():\n    print('as it stands in src')\n")
