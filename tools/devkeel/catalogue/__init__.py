"""The catalogue: which options may be written. Built in for devenv 2.2."""

from devkeel.catalogue.options import Option, enable_path, find_option, option_paths, option_type

__all__ = ["Option", "enable_path", "find_option", "option_paths", "option_type"]
