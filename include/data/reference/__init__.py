"""What later checks compare with: profiles of the reference, their own spread over time, seasons and trends."""
