"""What calling a service takes, whichever it is: the one retry loop, and which addresses are public."""
