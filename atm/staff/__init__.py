"""Staff of the bank: members and sign-in, their acts, and the refusals they can read."""
