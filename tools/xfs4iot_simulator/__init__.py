"""A simulated XFS4IoT note dispenser: a program, and the parts that tests use in their process."""
