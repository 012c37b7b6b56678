"""Secrets in text that others wrote: what looks like one is replaced before it is shown.

`spans.py` finds them, `forms.py` knows tokens by their form, `names.py` the names that say what a value is, and
`values.py` what a value of such a name is when it is no secret.
"""

from __future__ import annotations

from devkeel.text.secrets.masking import MASK, blot, hide, looks_secret, mask, mask_arguments, secrets_in, secrets_of
from devkeel.text.secrets.names import names_a_secret

__all__ = [
    "MASK",
    "blot",
    "hide",
    "looks_secret",
    "mask",
    "mask_arguments",
    "names_a_secret",
    "secrets_in",
    "secrets_of",
]
