"""GPUs with a driver: the reboot that it needs, MIG, names for containers (CDI), and the proof."""

import shlex

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.gpu import DRIVER_SH, READY_SH
from rackwright.gpu.operations import still_idle
from rackwright.host.script import command
from rackwright.host_lock.failure import HELD
from rackwright.plan import Plan
from rackwright.settings.gpu import REBOOT_TIMEOUT

DOCKER = "timeout 300 docker run --rm"
WAYS = {"--gpus all": "--gpus=all", "CDI": "--device=nvidia.com/gpu=all"}


@deploy("GPUs")
def gpus(plan: Plan) -> None:
    """The installed driver is the loaded one, and every GPU is seen wherever it should be."""
    if plan.reboot:
        still_idle(plan)
        server.reboot(name="The host has rebooted", reboot_timeout=REBOOT_TIMEOUT)
        if plan.turn:
            server.shell(name=HELD, commands=[plan.turn.again()])
        server.shell(
            name="The installed driver is the loaded one, and its services run",
            commands=[
                command(DRIVER_SH, "load"),
                command(READY_SH, "loaded"),
                command(DRIVER_SH, "units", *plan.reboot.units),
            ],
        )
    for index, profiles in host.loop(plan.mig.profiles.items() if plan.mig else ()):
        server.shell(
            name=f"GPU {index} has {', '.join(profiles) or 'no MIG devices'}",
            commands=[command(READY_SH, "mig", index, ",".join(profiles))],
        )
    if plan.cdi:
        server.shell(name="The CDI specification is made anew", commands=[command(READY_SH, "cdi")])
    step = plan.gpu_verify
    if step is None:
        return
    count = str(step.count)
    server.shell(name="nvidia-smi works on the host", commands=[command(READY_SH, "shows", count)])
    for way in host.loop(step.ways):
        words = shlex.split(f"{DOCKER} {WAYS[way]} {step.image}")
        server.shell(
            name=f"nvidia-smi works in a container through {way}",
            commands=[command(READY_SH, "shows", count, *words)],
        )
