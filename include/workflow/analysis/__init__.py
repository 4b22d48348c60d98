"""What one check compares: the feed, champion and predecessor, champion and shadow, former champions."""
