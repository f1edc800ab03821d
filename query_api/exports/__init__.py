"""Reports that are too large for one answer: made as jobs, kept in files for a while, fetched by a signed link."""
