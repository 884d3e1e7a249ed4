"""The PIN factor: credential records, PIN hashes, attempt limits, and sealed storage."""
