"""What is claimed about speed and memory, as programs that print it beside a bare baseline of the same run."""
