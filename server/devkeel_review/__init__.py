"""The page for a person: what was done to the environment, how it is, and taking that back."""
