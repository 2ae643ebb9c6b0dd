"""The way to one host: scripts, streams and command lines over the connection pyinfra holds."""
