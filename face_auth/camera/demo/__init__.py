"""The drawn face of the demonstration: painted layers that blink, turn and follow requests."""
