"""What this machine brings to a run: inventory, layers, passwords, keys, files, registries."""
