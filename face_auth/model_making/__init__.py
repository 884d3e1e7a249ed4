"""Making of the files in models/: fetching, conversion, cohorts, thresholds and model cards."""
