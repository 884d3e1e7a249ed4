"""The bank's staff: who they are, how they sign in, what they may do and what refusals they see."""
