"""Model files: find, check, and read their card."""

from pathlib import Path
from typing import Final

MODELS: Final = Path(__file__).resolve().parent.parent / "models"
"""The folder of the model files that come with the program."""
