"""The page for a person: what was done to the environment, how it is, and taking that back."""

from devkeel_review.export import Exported, export
from devkeel_review.review import May, Review
from devkeel_review.serving import serve

__all__ = ["Exported", "May", "Review", "export", "serve"]
