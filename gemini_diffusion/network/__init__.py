"""What calling a service takes, whichever it is: the one retry loop, public addresses, servers of OpenAI's API."""
