"""The kiosk of a bank that keeps its customers in one shared service: a client, and no store."""
