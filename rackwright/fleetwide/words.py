"""The words of docker logs, exec and run."""

from collections.abc import Iterable, Mapping

Words = tuple[str, ...]
Options = Mapping[str, str | Iterable[str] | None]


def logs_command(
    container: str, tail: str, since: str | None, timestamps: bool, follow: bool = False
) -> Words:
    """`docker logs` in words."""
    wanted = {"--timestamps": timestamps, "--follow": follow}
    flags = tuple(flag for flag, given in wanted.items() if given)
    return ("docker", "logs", *flags, *_options({"tail": tail, "since": since}), "--", container)


def exec_command(
    container: str, command: Iterable[str], **options: str | list[str] | None
) -> Words:
    """`docker exec` in words."""
    return ("docker", "exec", *_options(options), "--", container, *command)


def run_command(
    image: str, command: Iterable[str], options: Options, *, detach: bool, keep: bool
) -> Words:
    """`docker run` in words; what runs in the background is kept."""
    flags = [*(["--detach"] if detach else []), *([] if keep or detach else ["--rm"])]
    return ("docker", "run", *flags, *_options(options), "--", image, *command)


def entering(words: Words, interactive: bool, tty: bool) -> Words:
    """`docker exec|run` in words that pass on input, a terminal, or both."""
    flags = [*(["--interactive"] if interactive else []), *(["--tty"] if tty else [])]
    return (*words[:2], *flags, *words[2:])


def _options(options: Options) -> Words:
    given = {name: [value] if isinstance(value, str) else value for name, value in options.items()}
    return tuple(f"--{name}={value}" for name, values in given.items() for value in values or ())
