"""`python -m devkeel_cli`: the same as the console script."""

from devkeel_cli import main

main()
