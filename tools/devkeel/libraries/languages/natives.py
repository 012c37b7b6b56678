"""The native libraries that wheels of Python load at run time and do not bring along, as nixpkgs calls them."""

from __future__ import annotations

__all__ = ["natives_of"]

_CXX = "stdenv.cc.cc.lib"
_GRAPHICS = ("libGL", "glib")
# By normalised name of the distribution. Wheels bring most of what they need; these are what they take from the system.
_NATIVES: dict[str, tuple[str, ...]] = {
    "grpcio": (_CXX,),
    "jax": (_CXX,),
    "jaxlib": (_CXX,),
    "lightgbm": (_CXX,),
    "matplotlib": (_CXX, "zlib"),
    "numba": (_CXX,),
    "numpy": (_CXX, "zlib"),
    "onnxruntime": (_CXX,),
    "opencv-python": (_CXX, "zlib", *_GRAPHICS),
    "opencv-python-headless": (_CXX, "zlib"),
    "pandas": (_CXX, "zlib"),
    "polars": (_CXX,),
    "psycopg": ("libpq",),
    "pyarrow": (_CXX, "zlib"),
    "pymupdf": (_CXX,),
    "pyqt6": (_CXX, "zlib", *_GRAPHICS),
    "pyside6": (_CXX, "zlib", *_GRAPHICS),
    "python-magic": ("file",),
    "pyzmq": (_CXX,),
    "scikit-learn": (_CXX, "zlib"),
    "scipy": (_CXX, "zlib"),
    "sentencepiece": (_CXX,),
    "shapely": (_CXX,),
    "soundfile": ("libsndfile",),
    "tensorflow": (_CXX, "zlib"),
    "tokenizers": (_CXX,),
    "torch": (_CXX, "zlib"),
    "torchaudio": (_CXX, "zlib"),
    "torchvision": (_CXX, "zlib"),
    "weasyprint": ("pango", "glib", "fontconfig", "harfbuzz"),
    "xgboost": (_CXX,),
}


def natives_of(name: str) -> tuple[str, ...]:
    """Return the attribute paths in nixpkgs that a distribution's wheel needs beside it."""
    return _NATIVES.get(name, ())
