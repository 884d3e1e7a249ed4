"""A login: the PIN check, the face beside it, the decision, and the pause after refusals."""
