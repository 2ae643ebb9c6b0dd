"""GPU hosts for the tests, and what a plan makes of them."""

import re
from dataclasses import replace
from typing import Any

from rackwright.gpu.cdi import expected
from rackwright.look.answer import values_by_key
from rackwright.look.gpu import Gpu, Gpus, Unit
from rackwright.look.gpu_answer import parse_gpus
from rackwright.look.observed import Engine, Observed, Package
from rackwright.packages.nvidia import TOOLKIT_PACKAGES
from rackwright.packages.nvidia_sources import CUDA_KEYRING, TOOLKIT_KEYRING
from rackwright.plan import Plan
from rackwright.settings import Settings
from rackwright.steps.gpu_driver import PREFERENCES
from tests.unit.states import BARE
from tests.unit.test_observed import recorded

KERNEL, NEXT = "5.15.0-91-generic", "5.15.0-101-generic"
RUNS = Unit(there=True, enabled=True, active=True)
# Two A100, and nothing installed.
NEW = Gpus(
    devices=("20b0", "20b0"),
    kernel=KERNEL,
    next_kernel=NEXT,
    packages={"linux-image-generic": Package("5.15.0.101.98", "ii")},
)
DGX = parse_gpus(values_by_key(recorded("gpu-dgx")))
UBUNTU = replace(BARE, distro="ubuntu", release="22.04", codename="jammy", gpus=NEW)
RUNNING = replace(UBUNTU, engine=Engine("26.1.5", live_restore=True))
CUDA = "https://developer.download.nvidia.com/compute/cuda/repos"


def gpu_host(gpus: Gpus, **changes: Any) -> Observed:
    """A host with these GPUs."""
    return replace(UBUNTU, gpus=gpus, **changes)


def gpus_after(settings: Settings, host: Observed, plan: Plan) -> Gpus:
    """The GPUs that the plan leads to, as the tasks promise it: a model, not a host."""
    gpus = host.gpus
    assert gpus
    packages = dict(gpus.packages)
    files, modules, loaded = dict(gpus.files), dict(gpus.modules), gpus.loaded
    if plan.toolkit:
        packages |= {name: Package("1.17.8-1", "ii") for name in TOOLKIT_PACKAGES}
    if plan.driver:
        files |= {} if plan.driver.preferences is None else {PREFERENCES: plan.driver.preferences}
        for name in plan.driver.installs:
            packages[name.partition("=")[0]] = Package(f"{_version(settings)}-1", "ii")
        version = _version(settings) if plan.driver.packages else next(iter(modules.values()))
        packages |= {name: Package(f"{version}-1", "ii") for name in plan.driver.fabric}
        modules = dict.fromkeys(gpus.kernels, version)
        loaded = version if plan.driver.loads else loaded
    if plan.reboot:
        loaded = modules[gpus.kernel]
    for name in packages.keys() & set(plan.hold.held if plan.hold else ()):
        packages[name] = replace(packages[name], status="hi")
    if plan.hold and plan.hold.gpu:
        packages = {name: replace(each, status="hi") for name, each in packages.items()}
    profiles = dict(plan.mig.profiles) if plan.mig else {}
    shown = gpus.gpus or tuple(_gpu(number) for number in range(len(gpus.devices)))
    if plan.reboot:
        shown = tuple(replace(each, profiles=()) for each in shown)
    cards = tuple(
        replace(each, mig=bool(profiles[each.index]), profiles=profiles[each.index])
        if each.index in profiles
        else each
        for each in shown
    )
    after = replace(
        gpus,
        packages=packages,
        files=files,
        modules=modules,
        loaded=loaded,
        nouveau=gpus.nouveau and not plan.reboot,
        nouveau_off=gpus.nouveau_off or plan.driver is not None,
        headers=frozenset(gpus.kernels) if plan.driver else gpus.headers,
        gpus=cards if loaded else (),
        units={**gpus.units, **dict.fromkeys(("nvidia-persistenced", "nvidia-fabricmanager"), RUNS)}
        if plan.driver
        else gpus.units,
        sources={
            **gpus.sources,
            **{each.wanted.source: each.definition for each in plan.repositories},
        },
        keyrings={
            **gpus.keyrings,
            **{each.wanted.keyring: frozenset({each.wanted.fingerprint}) for each in _own(plan)},
        },
    )
    if plan.cdi and loaded:
        cdi = replace(after.cdi, files=("/etc/cdi/nvidia.yaml",), names=expected(after))
        after = replace(after, cdi=replace(cdi, drivers=frozenset({loaded})))
    return after


def _own(plan: Plan) -> list[Any]:
    ours = (CUDA_KEYRING, TOOLKIT_KEYRING)
    return [each for each in plan.repositories if each.wanted.keyring in ours]


def _version(settings: Settings) -> str:
    found = re.match(r"[\d.]+", settings.gpu_driver)
    version = found[0] if found else "580"
    return version if "." in version else f"{version}.86.15"


def _gpu(number: int) -> Gpu:
    return Gpu(str(number), f"GPU-{number}", "", "A100", "", True, mig=False, mig_pending=False)
