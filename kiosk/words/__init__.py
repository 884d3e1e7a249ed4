"""The words on the screen: sentences for every outcome, in the customer's language."""
