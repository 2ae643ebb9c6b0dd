"""The hosts of an inventory for our own command: connected, asked in parallel, none left out.

Everything here is pyinfra's; what its command line does around its API is done again in few lines.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from logging import getLogger
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import gevent
from pyinfra import logger
from pyinfra.api import Config, Host, State
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import NoGroupError, PyinfraError
from pyinfra.api.state import BaseStateCallback, StateStage
from pyinfra.context import ctx_config, ctx_host, ctx_inventory, ctx_state
from pyinfra_cli.exceptions import UnexpectedExternalError
from pyinfra_cli.inventory import make_inventory
from pyinfra_cli.util import exec_file, parse_cli_arg

from rackwright.host.error import HostError
from rackwright.laptop.inventory_file import register
from rackwright.laptop.nearest import nearest
from rackwright.pace.connection import BROKEN, GOODBYE, answer_within, hang_up
from rackwright.pace.state import PacedState
from rackwright.settings import VERSIONS, SettingsError

FROZEN: Final = 60  # seconds without an answer to what begins a command
CONFIG: Final = "config.py"  # what pyinfra's own command reads in the working folder

# An inventory may end the program with a sentence, as the lab's own one does.
UNREADABLE: Final = (PyinfraError, click.ClickException, OSError, SystemExit)
NO_FILE: Final = "there is no such inventory file, and no host of that name"
FORM: Final = 'a group is a list of hosts or (hosts, {...}), a host is "name" or ("name", {...})'

Answer = TypeVar("Answer")


class _Reasons(BaseStateCallback):
    """Keeps why hosts could not be reached."""

    def __init__(self) -> None:
        self.by_host: dict[str, str] = {}

    # pyinfra calls it on the instance; its own one keeps nothing and is static.
    def host_connect_error(  # type: ignore[override]
        self, state: State, host: Host, error: Exception
    ) -> None:
        self.by_host[host.name] = str(error)


def load(
    inventory: str, limit: Sequence[str], exclude: Sequence[str], data: Sequence[str] = ()
) -> PacedState:
    """pyinfra's state for an inventory, or for some of its hosts; nothing is connected yet.

    `data` are KEY=VALUE that go before all data of the inventory, as those of pyinfra's --data.
    Raises SettingsError for an inventory that cannot be read and for names that match no host.
    """
    # A connection that fails is told with the results; paramiko would print a traceback of it.
    for talker in (logger, getLogger("paramiko")):
        talker.setLevel("CRITICAL")
    state = PacedState()
    state.cwd = str(Path.cwd())
    ctx_state.set(state)
    config = Config()
    ctx_config.set(config)
    with _read(CONFIG):
        if Path(CONFIG).is_file():
            exec_file(CONFIG)
    with _read(inventory):
        hosts = make_inventory(inventory, cwd=state.cwd, override_data=_overriding(data))
    if not len(hosts):
        what = f"it has no group of hosts; {FORM}" if Path(inventory).exists() else NO_FILE
        raise SettingsError([f"{inventory}: {what}"])
    ctx_inventory.set(hosts)
    every = list(hosts)
    named = _named(every, hosts.get_group, limit) if limit else every
    excluded = set(_named(every, hosts.get_group, exclude))
    chosen = [host for host in named if host not in excluded]
    if not chosen:
        raise SettingsError(["--limit and --exclude leave no host of the inventory"])
    with _read(inventory):
        state.init(hosts, config, initial_limit=chosen)
    register(state, Path(inventory))
    return state


@contextmanager
def _read(name: str) -> Iterator[None]:
    """Whatever goes wrong in a file of the admin's is an error of settings."""
    try:
        yield
    except UnexpectedExternalError as error:
        raise SettingsError([f"{name}: {raised(error)}"]) from None
    except SyntaxError as error:
        raise SettingsError([f"{name}: line {error.lineno}: {error.msg}"]) from None
    # What is in it is no group of hosts.
    except (ValueError, TypeError) as error:
        raise SettingsError([f"{name}: cannot be read ({error}); {FORM}"]) from None
    except UNREADABLE as error:
        raise SettingsError([f"{name}: cannot be read: {error}"]) from None


def raised(error: UnexpectedExternalError) -> str:
    """What a file raised, on one line; pyinfra's own exception cannot be shown as a text."""
    cause = error.__context__
    return f"{type(cause).__name__}: {cause}"


def _overriding(data: Sequence[str]) -> dict[str, Any]:
    pairs = (word.partition("=") for word in data)
    return {key: _read_as_pyinfra(key, value) for key, _, value in pairs}


def _read_as_pyinfra(key: str, typed: str) -> Any:
    value = parse_cli_arg(typed)
    # It reads the version 20.10 as the number 20.1.
    return typed if key in VERSIONS and isinstance(value, (int, float)) else value


def _named(
    hosts: list[Host], group: Callable[[str], list[Host]], patterns: Iterable[str]
) -> list[Host]:
    found: list[Host] = []
    for pattern in patterns:
        try:
            matches = group(pattern)
        except NoGroupError:
            matches = [host for host in hosts if fnmatch(host.name, pattern)]
        if not matches:
            hint = nearest(pattern, (host.name for host in hosts))
            raise SettingsError(
                [f"{pattern!r}: no host and no group of the inventory has this name{hint}"]
            )
        found += matches
    return found


@contextmanager
def connected(state: State) -> Iterator[dict[str, str]]:
    """Connect to the hosts for as long as the block runs; gives those out of reach, and why."""
    reasons = _Reasons()
    state.add_callback_handler(reasons)
    state.set_stage(StateStage.Connect)
    try:
        connect_all(state)
        for host in state.activated_hosts:
            answer_within(host, FROZEN)
        state.set_stage(StateStage.Prepare)
        yield reasons.by_host
    finally:
        gevent.joinall([gevent.spawn(hang_up, host) for host in state.activated_hosts])


def each(
    hosts: Iterable[Host], function: Callable[[Host], Answer]
) -> dict[str, Answer | HostError]:
    """What the function answers for each host, all at once; a HostError where it raised one."""

    def one(host: Host) -> Answer | HostError:
        with ctx_state.use(host.state), ctx_config.use(host.state.config), ctx_host.use(host):
            try:
                return function(host)
            except HostError as error:
                return error
            except TimeoutError:
                return HostError("no answer within the time for it; look at the host, run it again")
            except (PyinfraError, *BROKEN) as error:
                return HostError(f"the connection broke ({error}); run it again")
            except (ValueError, LookupError) as error:
                return HostError(f"its answer cannot be read: {error!r}")

    running = {}
    try:
        for host in hosts:  # it waits here where there are more than may be asked at once
            running[host.name] = host.state.pool.spawn(one, host)
        return {name: greenlet.get() for name, greenlet in running.items()}
    finally:  # where it was interrupted, the others have a moment to put away what they hold
        gevent.killall(list(running.values()), block=False)
        gevent.joinall(list(running.values()), timeout=GOODBYE)
