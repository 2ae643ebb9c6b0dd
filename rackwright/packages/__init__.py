"""Where packages come from: sources of apt and pip, and the locks of apt and dpkg."""
