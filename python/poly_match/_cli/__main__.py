"""`python -m poly_match._cli`, where the command is not on the path."""

import sys

from poly_match._cli.main import main

sys.exit(main())
