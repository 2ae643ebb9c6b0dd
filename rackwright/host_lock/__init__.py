"""One run at a time changes a host, and what it changes is written down there."""
