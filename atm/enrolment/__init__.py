"""Enrolment: PIN and face of a new customer, the duplicate check, clean-up after a crash."""
