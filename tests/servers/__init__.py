"""Local servers that speak the services' real protocols to their real clients, so that no test needs a network or a key."""
