"""Practice hosts with simulated GPUs (lab/gpu): two A100 with NVSwitches on Debian 13, a T4 with
nouveau on the Ubuntu host, and the dirty one without a GPU.
"""

from collections.abc import Iterable
from typing import Any

from lab import hosts
from lab.gpu import host as simulated
from tests.lab.fleet import Lab, Ran

# A job is a process that has a card open; nothing has to be computed for that.
JOB = "exec 3<>/dev/nvidia0; while :; do sleep 1; done"
OLD, NEW = "570.133.20", "570.172.08"


class Gpus:
    """The hosts by what they have: `a100`, `t4`, `none`; and the settings of the lab's sources."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.a100, self.t4, self.none = lab.debian13, lab.ubuntu, lab.dirty
        self.all = (self.a100, self.t4)

    def reset(self, *names: str, kind: str = "") -> None:
        """Hosts back in their starting state, with the GPUs that they are to have."""
        for name in names or self.all:
            kinds = {self.a100: "a100x2+nvswitch", self.t4: "t4x1+nouveau"}
            hosts.reset([name], kind or kinds[name])

    def take_out(self) -> None:
        """The hosts as other tests want them: bare, and without a GPU."""
        hosts.reset(list(self.all), "none")

    def settings(self, **more: Any) -> dict[str, Any]:
        """A driver from NVIDIA's repository and the toolkit, both of the lab; changed as given."""
        services = self.lab.services
        return {
            "gpu_driver": OLD,
            "gpu_repo_url": services["cuda_repo_url"],
            "gpu_key_fingerprint": services["cuda_key_fingerprint"],
            "gpu_toolkit_version": "1.17.8",
            "gpu_toolkit_repo_url": services["toolkit_repo_url"],
            "gpu_toolkit_key_fingerprint": services["toolkit_key_fingerprint"],
            **more,
        }

    def deploy(self, *names: str, flags: Iterable[str] = (), **more: Any) -> Ran:
        """deploy.py on these hosts with those settings."""
        data = {name: self.settings(**more) for name in names}
        return self.lab.deploy(*flags, limit=names, data=data)

    def start_job(self, name: str, container: str = "train", *flags: str) -> None:
        """Start a container that computes."""
        words = " ".join(flags or ("--gpus=all",))
        self.lab.root(name, f"docker run -d --name {container} {words} ubuntu:24.04 sh -c '{JOB}'")

    def job_started(self, name: str, container: str = "train") -> str:
        """When the container's process was started: another time after it was killed."""
        return self.lab.root(name, f"docker inspect -f '{{{{.State.StartedAt}}}}' {container}")

    def smi(self, name: str, fields: str) -> list[str]:
        """What nvidia-smi says of each GPU of a host."""
        query = f"nvidia-smi --query-gpu={fields} --format=csv,noheader"
        return self.lab.root(name, query).splitlines()

    def boot(self, name: str) -> str:
        """What tells one boot of a host from another."""
        return simulated.boot_id(name)
