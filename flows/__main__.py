"""`python -m flows` is `weightlake`."""

import sys

from flows.cli import main

sys.exit(main())
