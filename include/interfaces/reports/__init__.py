"""What came of a run, for people and for other programs: text for logs, JSON, Markdown, and one HTML file."""
