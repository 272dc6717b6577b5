"""The parts of hosted drawing: how providers are asked, how the hub is asked about them, and the line both go over."""
