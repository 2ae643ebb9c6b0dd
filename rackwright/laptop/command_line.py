"""What was typed, where pyinfra hands over something else."""

import sys


def as_typed(name: str, value: object) -> str:
    """The value of an argument NAME=VALUE of a task: pyinfra reads 20.10 as the number 20.1."""
    typed = (word.partition("=") for word in sys.argv[1:])
    return next((text for key, _, text in typed if key == name), str(value))
