"""`python -m poly_match._cli`: the command without its script."""

import sys

from poly_match._cli.main import main

sys.exit(main())
