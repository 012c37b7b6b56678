"""The catalogue: which options and packages there are, built in or read from the project's own lock.

`live` and `packages` are imported where they are needed: most verbs need neither.
"""

from devkeel.catalogue.option import Option
from devkeel.catalogue.options import Catalogue, built_in, enable_path, find_option, option_paths, option_type

__all__ = ["Catalogue", "Option", "built_in", "enable_path", "find_option", "option_paths", "option_type"]
