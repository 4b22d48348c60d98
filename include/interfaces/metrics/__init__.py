"""Metrics for a scraper (Prometheus): read from the records at each scrape; this process remembers none of them."""
