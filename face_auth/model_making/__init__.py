"""Making of what models/ holds: fetching, conversion, thresholds and model cards."""
