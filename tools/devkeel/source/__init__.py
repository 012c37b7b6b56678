"""Lossless editors: bytes in, bytes and the touched spans out.

Every format answers with the same `Edited`, so that whoever calls does not care which file it was.
"""

from devkeel.source.splice import Edited, Span, Splice, apply, compose

__all__ = ["Edited", "Span", "Splice", "apply", "compose"]
