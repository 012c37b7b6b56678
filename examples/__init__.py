"""Examples: a project to try devkeel on, and a demonstration of it."""
