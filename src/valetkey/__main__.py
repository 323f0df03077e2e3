"""`python -m valetkey`."""

from valetkey.cli import main

main()
