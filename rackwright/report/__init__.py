"""What is said of a run: on the terminal, and in the files of its report."""
