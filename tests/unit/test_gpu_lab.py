"""inventory/gpu_lab.py: read as a run reads it, and planned for GPU hosts as they were recorded."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab import registry
from rackwright.fleet import load
from rackwright.host.error import RefusedError
from rackwright.look.answer import parse
from rackwright.look.gpu import Gpus
from rackwright.look.images import Images
from rackwright.look.observed import Observed
from rackwright.look.workload import Workload
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.run import Run, new_run
from tests.unit.gpus import DGX, NEW
from tests.unit.test_observed import recorded

INVENTORY = "inventory/gpu_lab.py"
GPUS = {"nothing installed": NEW, "driver and toolkit there, with NVSwitches": DGX}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The settings of its hosts, with a file and passwords for it."""
    saved: Path = tmp_path_factory.mktemp("saved")
    (saved / "labels.tar").write_bytes(registry.saved("lab/labels:2", b"", "amd64"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("REGISTRY_PASSWORD", "PAGE_PASSWORD"):
            patch.setenv(name, "x")
        patch.setenv("LAB_SAVED", str(saved))
        yield new_run(load(INVENTORY, (), ()), {}, converges=True)


def host(gpus: Gpus | None) -> Observed:
    """A bare Ubuntu host, as recorded, with these GPUs, on which no job runs."""
    bare = parse(recorded("bare-ubuntu24"))
    idle = gpus and replace(gpus, processes=(), containers=())
    return replace(bare, gpus=idle, images=Images(now=0), workload=Workload())


def planned(run: Run, name: str, observed: Observed) -> Plan:
    """The plan of one of its hosts."""
    return plan(run.settings[name], observed, None, run.passwords)


@pytest.mark.parametrize("gpus", GPUS.values(), ids=GPUS)
@pytest.mark.parametrize("name", ["gpu-1", "gpu-2"])
def test_a_gpu_host_is_not_refused(run: Run, name: str, gpus: Gpus) -> None:
    made = planned(run, name, host(gpus))
    assert made.driver and made.images and made.builds and made.containers
    assert bool(made.toolkit) == (gpus is NEW)


def test_a_host_without_a_gpu_keeps_for_the_others(run: Run) -> None:
    made = planned(run, "cache-1", host(None))
    assert made.cache and made.builds and not made.driver
    assert [name for name, each in run.settings.items() if each.cache and each.cache.serves] == [
        "cache-1"
    ]


def test_it_is_for_ubuntu_as_it_says(run: Run) -> None:
    debian = replace(host(NEW), distro="debian", release="13", codename="trixie")
    with pytest.raises(RefusedError, match="Debian has one driver, and not 570-server"):
        planned(run, "gpu-1", debian)


def test_the_image_by_digest_is_that_of_the_practice_registry(run: Run) -> None:
    (name,) = [each.name for each in run.settings["gpu-1"].docker_images if "@" in each.name]
    repository, _, digest = name.partition("/")[2].partition("@")
    files = registry.paper()
    link = f"docker/registry/v2/repositories/{repository}/_manifests/tags/1/current/link"
    assert files[link].decode() == digest
