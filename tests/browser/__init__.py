"""The report in a real Chromium, without a window."""
