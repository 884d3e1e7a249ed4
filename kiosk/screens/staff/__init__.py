"""The pages that signed-in staff see: customers, staff, refusals, holds, health and camera."""
