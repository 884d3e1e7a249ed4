"""Speech: what the page in front says, read aloud."""
