"""What happens on a host: one verb a file. A task emits operations only for what the plan holds."""
