"""The glossary of the report: the abbreviations of ISO/IEC 19795-1 and 30107-3 in plain words."""

import re
from typing import Final

from markupsafe import Markup, escape

TERMS: Final = {
    "FMR": "False match rate: the share of impostor attempts, one person's face against another "
    "person's template, that are accepted.",
    "FNMR": "False non-match rate: the share of genuine attempts, a customer's face against their "
    "own template, that are refused.",
    "TAR": "True accept rate: the share of genuine attempts that are accepted; 100 % less the "
    "FNMR.",
    "EER": "Equal error rate: the error at the threshold where FMR and FNMR are the same. One "
    "number to compare methods by; no kiosk runs at it.",
    "APCER": "Attack presentation classification error rate: the share of attacks of one kind, "
    "such as a printed photograph, that pass for a live person.",
    "BPCER": "Bona fide presentation classification error rate: the share of live, honest people "
    "who are taken for an attack.",
    "SVM": "Support vector machine: the classifier that scores a face against one customer.",
    "DET": "Detection error trade-off: the curve of both errors over all thresholds.",
    "ROC": "Receiver operating characteristic: the curve of TAR over FMR.",
}
_TERM = re.compile(rf"\b({'|'.join(TERMS)})\b")

_ODDS = re.compile(r"\b1 in (\d)")


def explained(text: str) -> Markup:
    """Return *text* escaped for HTML, each abbreviation with its meaning as a tooltip."""
    marked = _TERM.sub(
        lambda found: f'<abbr title="{escape(TERMS[found[0]])}">{found[0]}</abbr>',
        str(escape(text)),
    )
    return Markup(_ODDS.sub(r"1&nbsp;in&nbsp;\1", marked))
