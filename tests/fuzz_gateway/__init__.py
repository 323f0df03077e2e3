"""Messages and headers against the gateway: nothing reaches a server of tools undecided."""
