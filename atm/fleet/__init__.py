"""A bank with many kiosks: the service that keeps the customers, its client, the wire format."""
