"""inventory/gpu_lab.py, the very file of the README, on practice hosts.

Their addresses, the lab's registries and mirrors come in as data and by the hosts' own name
service; nothing of the file is copied.
"""

import json
from pathlib import Path

import pytest

from lab import counter, services
from tests.lab.fleet import ROOT, Lab, Ran

INVENTORY = ROOT / "inventory" / "gpu_lab.py"
NAMES = ("cache-1", "gpu-1", "gpu-2")


class GpuLab:
    """Practice hosts under the names of the inventory."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.hosts = dict(zip(NAMES, (lab.debian13, lab.dirty, lab.ubuntu), strict=True))
        config = folder / "gpu_lab_ssh_config"
        config.write_text("".join(map(self._entry, NAMES)))
        data = {
            **lab.state["all"],
            "ssh_config_file": str(config),
            "ssh_known_hosts_file": lab.data(lab.dirty)["ssh_known_hosts_file"],
            "cache_address": lab.data(lab.debian13)["ssh_hostname"],
            "apt_mirror": f"{lab.services['archive']}/debian",
            "pip_index_url": f"{lab.services['index']}/simple",
            "pip_trusted_host": lab.services["index"].removeprefix("http://"),
            "docker_insecure_registries": ["registry.example.org:5008"],
        }
        del data["docker_users"]
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
        return self.lab.root(self.hosts[name], f"docker {words}").strip()


@pytest.fixture(scope="module")
def gpu_lab(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> GpuLab:
    """Hosts in their starting state, which know the registry's name."""
    lab.reset(*lab.all)
    address = lab.services["private"].removeprefix("http://").rpartition(":")[0]
    for name in lab.all:
        lab.root(name, f"echo '{address} registry.example.org' >> /etc/hosts")
    return GpuLab(lab, tmp_path_factory.mktemp("gpu_lab"))


@pytest.fixture(scope="module")
def made(gpu_lab: GpuLab) -> Ran:
    """The first run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGISTRY_PASSWORD", services.PASSWORD)
        ran = gpu_lab.deploy()
    assert ran.code == 0, ran.output
    assert services.PASSWORD not in ran.output
    return ran


def test_the_whole_lab_is_as_the_inventory_says(gpu_lab: GpuLab, made: Ran) -> None:
    for name in NAMES:
        assert "monitor-load-1" in gpu_lab.docker(name, "ps --format '{{.Names}}'")
        mirrors = gpu_lab.docker(name, "info --format '{{index .RegistryConfig.Mirrors 0}}'")
        assert mirrors == f"http://{gpu_lab.lab.data(gpu_lab.lab.debian13)['ssh_hostname']}:5000/"
    for name in ("gpu-1", "gpu-2"):
        said = gpu_lab.docker(name, "ps --all --format '{{.Names}} {{.Status}}'")
        assert "queue Up" in said
        assert "training Created" in said
        assert "lab/base" in gpu_lab.docker(name, "image ls")
        trains = "run --rm lab/training:1 python -c 'import torch; print(torch.STAND_IN)'"
        assert gpu_lab.docker(name, trains) == "True"
        assert "datasets" in gpu_lab.docker(name, "volume ls")


def test_again_nothing_changes_with_one_remote_command(
    gpu_lab: GpuLab, made: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_PASSWORD", services.PASSWORD)
    for name in gpu_lab.hosts.values():
        counter.start(name)
    ran = gpu_lab.deploy()
    assert [counter.stop(name) for name in gpu_lab.hosts.values()] == [1, 1, 1]
    assert "3 hosts: 3 unchanged; nothing was changed." in ran.output, ran.output
