"""The gateway: a policy enforcement point for MCP in front of any number of servers."""
