"""What kind of values a column holds: found once on the whole reference, and kept for all later rows."""
