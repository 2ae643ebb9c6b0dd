"""Looking at a host: scripts that read only, and their answers as typed data."""
