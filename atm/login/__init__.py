"""Login: PIN check and face check at once, the decision, and the pause after refusals."""
