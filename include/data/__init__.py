"""Where rows come from, and what is kept of them."""
