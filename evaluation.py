"""Command line of the evaluation; ``python evaluation.py --help`` lists its protocols."""

import sys

from credentials.attempts import WRONG_LIMIT
from credentials.policy import SHORTEST_PIN
from credentials.weak_pins import weakness
from face_auth.evaluation.command import main
from face_auth.evaluation.protocols.two_factor import PinRules

if __name__ == "__main__":
    pins = (f"{number:0{SHORTEST_PIN}}" for number in range(10**SHORTEST_PIN))
    allowed = sum(weakness(pin) is None for pin in pins)
    sys.exit(main(PinRules(SHORTEST_PIN, allowed, guesses=WRONG_LIMIT)))
