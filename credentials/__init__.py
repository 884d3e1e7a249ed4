"""The PIN factor: who may log in with which PIN. Knows nothing of faces."""
