"""`python -m kerasrun`: the command, where its script is not on PATH."""

from kerasrun.cli.main import main

main()
