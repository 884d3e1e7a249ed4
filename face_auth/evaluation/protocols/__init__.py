"""The evaluation protocols, one module each; `evaluation.py --protocol` names them."""
