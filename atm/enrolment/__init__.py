"""Enrolment: PIN and face of a new customer, duplicate check, clean-up after a crash."""
