"""Networks of Docker: which are made, made anew and removed."""

from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.change import Change
from rackwright.look.observed import Observed
from rackwright.look.workload import FoundNetwork, Workload
from rackwright.settings import Settings
from rackwright.settings.networks import Network
from rackwright.steps.uses import remaining

# A network is ours when this label of it is its name.
LABEL = "rackwright.network"


@dataclass(frozen=True)
class NetworksStep:
    """Names: `anew` go before they are made again, `removed` when no container needs them."""

    made: tuple[tuple[str, Network], ...]
    anew: tuple[str, ...]
    removed: tuple[str, ...]
    changes: tuple[Change, ...]


def networks_step(settings: Settings, observed: Observed) -> NetworksStep | None:
    """What has to be done; None when all networks are as they should be."""
    found = (observed.workload or Workload()).networks
    wanted = settings.docker_networks
    made = tuple(
        (name, network)
        for name, network in wanted.items()
        if network.state == "present" and (name not in found or differs(network, found[name]))
    )
    removed = tuple(
        name for name, network in wanted.items() if network.state == "absent" and name in found
    )
    if not made and not removed:
        return None
    changes = [_make_change(name, network, found.get(name)) for name, network in made]
    for name in removed:
        reason = "its state is to be absent"
        changes.append(Change("networks", name, shown(found[name]), "removed", reason))
    anew = tuple(name for name, _ in made if name in found)
    return NetworksStep(made, anew, removed, tuple(changes))


def network_refusals(settings: Settings, found: Workload) -> Iterator[str]:
    """Why networks cannot be as these settings have them."""
    for name, wanted in settings.docker_networks.items():
        there = found.networks.get(name)
        if there is None or (wanted.state == "present" and not differs(wanted, there)):
            continue
        what = "removed" if wanted.state == "absent" else "changed"
        # One that changes goes before the containers, and one that is removed after them.
        after = remaining(settings, found)
        there_still = after if what == "removed" else found.containers.values()
        users = [each.name for each in there_still if name in each.networks]
        if there.labels.get(LABEL) != name:
            yield (
                f"docker_networks.{name}: a network of this name is on the host ({shown(there)}), "
                f"and Rackwright did not make it, so it is not {what}; give yours another name, or "
                "remove that one"
            )
        elif users:
            yield (
                f"docker_networks.{name} cannot be {what}: the containers {', '.join(users)} are "
                "in it; remove them first"
            )


def network_notes(settings: Settings, found: Workload) -> Iterator[str]:
    """Networks of ours that no settings name any more."""
    for name, there in found.networks.items():
        if there.labels.get(LABEL) == name and name not in settings.docker_networks:
            yield (
                f"the network {name} is not in docker_networks any more, and stays; to remove it, "
                f'write "{name}": {{"state": "absent"}}'
            )


def differs(wanted: Network, there: FoundNetwork) -> bool:
    """Whether a network is another one than the wanted; what nobody asked for does not count."""
    return (
        (wanted.driver, wanted.internal) != (there.driver, there.internal)
        or (wanted.subnet is not None and wanted.subnet not in there.subnets)
        or not wanted.labels.items() <= there.labels.items()
    )


def shown(there: FoundNetwork) -> str:
    """A network in few words."""
    internal = ["internal"] if there.internal else []
    return ", ".join((there.driver, *internal, *there.subnets))


def _make_change(name: str, wanted: Network, there: FoundNetwork | None) -> Change:
    after = FoundNetwork(
        name, wanted.driver, wanted.internal, (wanted.subnet,) if wanted.subnet else ()
    )
    return Change(
        "networks",
        name,
        shown(there) if there else "absent",
        shown(after),
        "the settings have it otherwise" if there else "docker_networks names it",
    )
