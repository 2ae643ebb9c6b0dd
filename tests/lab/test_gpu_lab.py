"""inventory/gpu_lab.py, the very file of the documentation, on practice hosts.

They are identified as Ubuntu, and those that train have simulated GPUs. Addresses of hosts and of
what stands in for the mirrors, Docker's and NVIDIA's package sources, with their keys, come in as
data and by the hosts' own name service; nothing of the file is copied.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import counter, registry, services
from tests.lab import contexts
from tests.lab.conftest import bring_up, lab_command
from tests.lab.fleet import ROOT, Lab, Ran
from tests.lab.test_sources import UBUNTU

INVENTORY = ROOT / "inventory" / "gpu_lab.py"
PAGE = ROOT / "docs" / "gpu-lab.md"
NAMES = ("cache-1", "gpu-1", "gpu-2")
GPU_NAMES = NAMES[1:]
PAGE_PASSWORD = "open-sesame"  # noqa: S105  of a page on a practice host
TRUSTED = "cd /usr/share/keyrings; mv simulated.gpg ubuntu-archive-keyring.gpg"


class GpuLab:
    """Practice hosts under the names of the inventory."""

    def __init__(self, folder: Path) -> None:
        self.lab = lab = Lab(folder)
        self.hosts = dict(zip(NAMES, lab.all, strict=True))
        self.cache = lab.data(self.hosts["cache-1"])["ssh_hostname"]
        config = folder / "gpu_lab_ssh_config"
        config.write_text("".join(map(self._entry, NAMES)))
        at, common = lab.services, lab.state["all"]
        self.overridden = data = {
            "ssh_config_file": str(config),
            "ssh_known_hosts_file": lab.data(lab.all[0])["ssh_known_hosts_file"],
            "cache_address": self.cache,
            "docker_registry_mirrors": common["docker_registry_mirrors"],
            "docker_mirror_reference": common["docker_mirror_reference"],
            "docker_insecure_registries": ["registry.example.org:5008", f"{self.cache}:5000"],
            "apt_mirror": f"{at['archive']}/ubuntu",
            "pip_index_url": f"{at['index']}/simple",
            "pip_trusted_host": at["index"].removeprefix("http://"),
            "docker_repo_url": common["docker_repo_url"],
            "docker_key_fingerprint": common["docker_key_fingerprint"],
            "gpu_toolkit_repo_url": at["toolkit_repo_url"],
            "gpu_toolkit_key_fingerprint": at["toolkit_key_fingerprint"],
        }
        self.words = [
            word
            for name, value in data.items()
            for word in (
                "--data",
                f"{name}={value if isinstance(value, str) else json.dumps(value)}",
            )
        ]

    def _entry(self, name: str) -> str:
        data = self.lab.data(self.hosts[name])
        return (
            f"Host {name}\n HostName {data['ssh_hostname']}\n User {data['ssh_user']}\n"
            f" IdentityFile {data['ssh_key']}\n"
        )

    def deploy(self) -> Ran:
        """deploy.py with the inventory as it is."""
        return self.lab.pyinfra("-y", str(INVENTORY), "deploy.py", *self.words)

    def docker(self, name: str, words: str) -> str:
        """What a docker command says on a host, by its name in the inventory."""
        return self.root(name, f"docker {words}").strip()

    def root(self, name: str, script: str) -> str:
        """Run a shell script as root on a host, by its name in the inventory."""
        return self.lab.root(self.hosts[name], script)


@pytest.fixture(scope="module")
def gpu_lab(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GpuLab]:
    """Bare hosts that know the inventory's registry and git server, and Ubuntu's sources."""
    folder = tmp_path_factory.mktemp("gpu_lab")
    lab_command("up", "--hosts", "3", "--distros", "ubuntu24.04", "--gpu", "none,a100x2,a100x2")
    try:
        contexts.serve("eval")
        gpu_lab = GpuLab(folder)
        address = lab.services["private"].removeprefix("http://").rpartition(":")[0]
        known = f"echo '{address} registry.example.org git.example.org' >> /etc/hosts"
        for name in NAMES:
            gpu_lab.root(name, f"set -- {address}\n{known}\n{UBUNTU}\n{TRUSTED}")
        layer = registry.base_layer(registry.static_busybox(), "labels", "2")
        (folder / "labels.tar").write_bytes(registry.saved("lab/labels:2", layer, "amd64"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REGISTRY_PASSWORD", services.PASSWORD)
            patch.setenv("PAGE_PASSWORD", PAGE_PASSWORD)
            patch.setenv("LAB_SAVED", str(folder))
            yield gpu_lab
    finally:
        bring_up()


def test_the_documentation_names_what_is_overridden(gpu_lab: GpuLab) -> None:
    told = PAGE.read_text().partition("What it\noverrides")[2].partition(". ")[0]
    assert set(re.findall(r"`(\w+)`", told)) == set(gpu_lab.overridden)


@pytest.fixture(scope="module")
def made(gpu_lab: GpuLab) -> Ran:
    """The first run."""
    ran = gpu_lab.deploy()
    assert ran.code == 0, ran.output
    assert services.PASSWORD not in ran.output
    assert PAGE_PASSWORD not in ran.output
    return ran


def test_every_host_has_what_stands_for_all(gpu_lab: GpuLab, made: Ran) -> None:
    for name in NAMES:
        assert "monitor-load-1" in gpu_lab.docker(name, "ps --format '{{.Names}}'")
        mirrors = gpu_lab.docker(name, "info --format '{{index .RegistryConfig.Mirrors 0}}'")
        assert mirrors == f"http://{gpu_lab.cache}:5000/"
        sources = gpu_lab.root(name, "cat /etc/apt/sources.list.d/ubuntu.sources")
        assert sources.count(f"URIs: {gpu_lab.lab.services['archive']}/ubuntu\n") == 2
        assert "alice" in gpu_lab.root(name, "getent group docker")


def test_the_page_is_built_pushed_and_served(gpu_lab: GpuLab, made: Ran) -> None:
    page = f"http://{gpu_lab.cache}:8000"
    assert "<h1>Our GPU lab</h1>" in gpu_lab.root("gpu-1", f"curl -fsS {page}/")
    login = f"-u 'lab:{PAGE_PASSWORD}'"
    assert "Jobs" in gpu_lab.root("gpu-1", f"curl -fsS {login} {page}/jobs/index.html")
    asked = gpu_lab.root("gpu-1", f"curl -sS -o /dev/null -w '%{{http_code}}' {page}/jobs/")
    assert asked == "401"
    said = gpu_lab.docker("cache-1", "inspect -f '{{json .Config.Labels}}' page")
    assert '"org.example.owner":"alice"' in said
    gpu_lab.docker("gpu-1", "pull -q registry.example.org:5008/lab/page:1")


def test_the_gpu_hosts_are_as_the_inventory_says(gpu_lab: GpuLab, made: Ran) -> None:
    for name in GPU_NAMES:
        gpus = gpu_lab.root(name, "nvidia-smi -L")
        assert gpus.count("A100") == 2
        assert "nvidia-utils-570-server" in gpu_lab.root(name, "apt-mark showhold")
        said = gpu_lab.docker(name, "ps --all --format '{{.Names}} {{.Status}}'")
        assert "queue Up" in said
        assert "training Created" in said
        # Practice hosts may not raise memlock, so the container itself cannot be started there.
        wanted = "{{.HostConfig.ShmSize}} {{.HostConfig.Ulimits}} {{.HostConfig.DeviceRequests}}"
        said = gpu_lab.docker(name, f"inspect -f '{wanted}' training")
        assert said.startswith(f"{8 << 30} [memlock=-1:-1] [") and "gpu" in said
        sees = gpu_lab.docker(name, "run --rm --gpus all lab/training:1 nvidia-smi -L")
        assert sees == gpus.strip()
        listed = gpu_lab.docker(name, "image ls --digests")
        assert "lab/base" in listed and "papers/2026" in listed and "lab/labels" in listed
        assert gpu_lab.docker(name, "run --rm lab/eval:1 cat /what") == "eval"
        trains = "run --rm lab/training:1 python -c 'import torch; print(torch.STAND_IN)'"
        assert gpu_lab.docker(name, trains) == "True"
        assert "datasets" in gpu_lab.docker(name, "volume ls")


def test_again_nothing_changes_with_one_remote_command(gpu_lab: GpuLab, made: Ran) -> None:
    for name in gpu_lab.hosts.values():
        counter.start(name)
    ran = gpu_lab.deploy()
    assert [counter.stop(name) for name in gpu_lab.hosts.values()] == [1, 1, 1]
    assert "3 hosts: 3 unchanged; nothing was changed." in ran.output, ran.output
