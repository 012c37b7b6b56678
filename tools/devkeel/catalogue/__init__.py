"""The catalogue: which options and packages there are. Built in, or read from the project's own lock."""

from devkeel.catalogue.live import open_catalogue
from devkeel.catalogue.options import Catalogue, Option, built_in, enable_path, find_option, option_paths, option_type
from devkeel.catalogue.packages import open_names

__all__ = [
    "Catalogue",
    "Option",
    "built_in",
    "enable_path",
    "find_option",
    "open_catalogue",
    "open_names",
    "option_paths",
    "option_type",
]
