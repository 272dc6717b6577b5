"""The HTTP side: the server and its guards, cookies, the public link, the endpoints for programs."""
