"""What people look up: the fleet, one model, the history, what other settings would have done, whole tables."""
