"""What a declaration says about one option: everything in it that could define, hide, rename or bring in that option.

Two versions of the files that say the same here may differ in anything else. What cannot be looked into counts as it
is written, so that a change of it counts as a change of the option.
"""

from devkeel.policy.mentions.facts import UNPARSED, DeclarationFiles, Fact
from devkeel.policy.mentions.flake_modules import FLAKE
from devkeel.policy.mentions.option_survey import OptionMentions, said_about

__all__ = ["FLAKE", "UNPARSED", "DeclarationFiles", "Fact", "OptionMentions", "said_about"]
