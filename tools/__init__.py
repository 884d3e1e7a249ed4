"""Commands that make files of this repository; the program imports none of them."""
