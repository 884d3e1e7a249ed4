"""Measure recognition: ``python evaluation.py --help`` says how."""

import sys

from credentials.attempts import LIMIT
from credentials.policy import SHORTEST_PIN
from face_auth.evaluation.command import main
from face_auth.evaluation.two_factor import PinRules

if __name__ == "__main__":
    sys.exit(main(PinRules(shortest=SHORTEST_PIN, guesses=LIMIT)))
