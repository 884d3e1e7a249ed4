"""The pages of an enrolment: consent, details, face and the duplicate question."""
