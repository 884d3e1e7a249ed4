"""Commands that make what the repository holds; the program imports none of them."""
