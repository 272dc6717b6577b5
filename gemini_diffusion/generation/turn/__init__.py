"""One message: what it means, the turn it begins, the work of that turn, and the line of what waits."""
