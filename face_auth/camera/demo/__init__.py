"""The drawn face of the demonstration: painted layers that blink, turn and make movements."""
