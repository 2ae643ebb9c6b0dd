"""The commands that change containers and compose projects, and what they read from stdin."""

from collections.abc import Mapping
from pathlib import Path

from rackwright.docker import docker_create
from rackwright.host.script import command
from rackwright.laptop.passwords import password
from rackwright.settings.containers import Secret
from rackwright.steps.compose import ComposeAction
from rackwright.steps.containers import ContainerAction

SCRIPT = Path(__file__).with_name("containers.sh")
COMPOSE_SCRIPT = SCRIPT.with_name("compose.sh")


def container_command(action: ContainerAction) -> str:
    """The command that does it; the host is as it was where that fails."""
    name, container = action.name, action.container
    seconds = str(container.wait)
    if action.act == "make":
        return command(
            SCRIPT,
            *("make", name, container.image or "", container.state, seconds),
            " ".join(container.networks[1:]),
            "stdin" if container.secrets else "none",
            *docker_create.labels(name, container, action.secrets),
            *docker_create.options(container),
            *docker_create.words(container),
        )
    return command(SCRIPT, action.act, name, seconds)


def compose_command(action: ComposeAction) -> str:
    """The command that does it; the file of the project has to be in its folder before."""
    seconds = str(action.project.wait)
    more = (seconds, action.applied) if action.act == "up" else ()
    return command(COMPOSE_SCRIPT, action.act, action.name, *more)


def environment(env: Mapping[str, str], secrets: Mapping[str, Secret]) -> str:
    """Lines VARIABLE=VALUE for standard input, with an empty one at the end."""
    values = dict(env)
    for variable, secret in secrets.items():
        values[variable] = password(secret.source).get_secret_value()
    return "".join(f"{variable}={value}\n" for variable, value in sorted(values.items())) + "\n"
