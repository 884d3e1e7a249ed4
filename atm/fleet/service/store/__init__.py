"""The service's stores in PostgreSQL: sealed rows, migrations and keys."""
