"""The entry point of ``python -m face_auth.training``."""

import sys

from face_auth.training.command import main

sys.exit(main())
