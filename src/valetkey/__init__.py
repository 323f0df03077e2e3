"""valetkey: a valet key for every run of an AI agent."""
