"""The plan of GPU hosts: driver, toolkit, MIG, CDI, a reboot, and nobody's job broken."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.change import Impact
from rackwright.gpu.health import findings
from rackwright.guard import blocked
from rackwright.host.error import RefusedError
from rackwright.look.gpu import GpuContainer, GpuProcess, Gpus, Unit
from rackwright.look.gpu_answer import parse_gpus
from rackwright.look.observed import Engine, Observed, Package
from rackwright.packages.nvidia import TOOLKIT_PACKAGES
from rackwright.packages.nvidia_sources import CUDA_SOURCE, TOOLKIT_SOURCE, is_cuda, is_toolkit
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.settings import Settings, SettingsError, parse_settings
from rackwright.steps.cache import CacheGoneStep, CacheStep
from rackwright.steps.gpu import jobs_at_risk
from rackwright.steps.repair import RepairStep
from tests.unit.gpus import CUDA, DGX, KERNEL, NEW, NEXT, RUNNING, UBUNTU, gpu_host, gpus_after
from tests.unit.states import after

FULL: dict[str, Any] = {
    "gpu_driver": "570-server-open",
    "gpu_toolkit_version": "latest",
    "gpu_allow_reboot": True,
}

# What the GPUs of DGX are divided into.
RIGHT = {"all": [], "0": ["3g.20gb", "1g.5gb"]}


def planned(host: Observed = UBUNTU, **data: Any) -> Plan:
    """The plan for these settings."""
    return plan(Settings(**data), host)


def reasons(host: Observed, **data: Any) -> str:
    """Why the host is refused."""
    with pytest.raises(RefusedError) as caught:
        planned(host, **data)
    return str(caught.value)


def idle(gpus: Gpus) -> Gpus:
    """The same GPUs with nobody on them, and nothing wrong with them."""
    cards = tuple(replace(each, slowed=(), ecc_errors=0) for each in gpus.gpus)
    return replace(gpus, processes=(), containers=(), gpus=cards)


def free(gpus: Gpus) -> Gpus:
    """The same GPUs with no package on hold."""
    packages = {name: replace(each, status="ii") for name, each in gpus.packages.items()}
    return replace(gpus, packages=packages)


@given(
    st.fixed_dictionaries(
        {
            "gpu_driver": st.sampled_from(["keep", "570-server-open", "580", "distro"]),
            "gpu_toolkit_version": st.sampled_from([None, "latest", "1.17.8"]),
            "gpu_allow_reboot": st.booleans(),
            "gpu_mig": st.sampled_from([{}, {"all": []}, {"0": ["3g.20gb", "3g.20gb"]}, RIGHT]),
            "gpu_hold": st.booleans(),
        }
    ).map(lambda data: Settings(**data)),
    st.sampled_from([NEW, free(idle(DGX)), replace(NEW, nouveau=True), replace(NEW, switches=1)]),
)
def test_the_second_run_changes_nothing(settings: Settings, gpus: Gpus) -> None:
    host = gpu_host(gpus)
    first = plan(settings, host)
    gpus = gpus_after(settings, host, first)
    held = {name for name, package in gpus.packages.items() if package.held}
    home = after(settings, host, first)
    home = replace(home, gpus=gpus, holds=home.holds | held)
    second = plan(settings, home)
    assert second.changes == (), second.changes


def test_a_host_without_gpus_gets_nothing() -> None:
    host = replace(UBUNTU, gpus=None)
    assert planned(host, **FULL) == planned(host)


def test_from_bare_to_a_driver_for_both_kernels() -> None:
    driver = planned(**FULL).driver
    assert driver
    assert driver.installs == (
        f"linux-headers-{KERNEL}",
        f"linux-headers-{NEXT}",
        "nvidia-headless-570-server-open",
        "nvidia-utils-570-server",
    )
    assert driver.kernels == (KERNEL, NEXT)
    assert driver.nouveau_off and driver.loads
    assert planned(**FULL).reboot is None


def test_a_version_of_nvidias_repository_is_pinned_for_all_its_packages() -> None:
    made = planned(gpu_driver="570.86.15-open", gpu_repo_url=CUDA)
    assert made.driver and made.gpu_sources
    assert made.driver.packages == ("nvidia-open-570=570.86.15-*",)
    assert "Pin: version 570.86.15-*" in (made.driver.preferences or "")
    (step,) = made.gpu_sources.steps
    assert step.wanted.source == CUDA_SOURCE
    assert step.wanted.text == (
        f"Types: deb\nURIs: {CUDA}/ubuntu2204/x86_64/\nSuites: /\n"
        "Architectures: amd64\nSigned-By: /etc/apt/keyrings/nvidia-cuda.asc\n"
    )
    assert step.wanted.key_url == f"{CUDA}/ubuntu2204/x86_64/3bf863cc.pub"


def test_another_driver_takes_a_reboot_which_is_pending_until_it_is_allowed() -> None:
    host = gpu_host(idle(DGX))
    wanted = {**FULL, "gpu_driver": "580-server-open"}
    allowed = planned(host, **wanted)
    assert allowed.driver and allowed.driver.replaces_loaded and not allowed.driver.loads
    assert allowed.reboot and allowed.impact is Impact.REBOOT
    assert allowed.cdi and allowed.gpu_verify
    pending = planned(host, **{**wanted, "gpu_allow_reboot": False})
    assert pending.driver and not (pending.reboot or pending.cdi or pending.gpu_verify)
    assert any("a reboot is pending (driver 570.86.15 is loaded" in each for each in pending.notes)


def test_a_reboot_stops_containers_and_that_takes_their_word() -> None:
    settings = Settings(**{**FULL, "gpu_driver": "580-server-open"})
    host = replace(RUNNING, gpus=free(idle(DGX)), packages=_engine("5:26.1.5-1~x"))
    engine = Engine("26.1.5", live_restore=True, containers=("web",))
    busy = replace(host, engine=engine, rootless_containers=("dave/app",))
    made = plan(settings, busy)
    assert made.reboot and made.reboot.changes[0].stops == ("web", "dave/app")
    reason = blocked(settings, made)
    assert reason and "the running containers web, dave/app: the host reboots" in reason
    assert blocked(settings.model_copy(update={"docker_allow_container_stop": True}), made) is None
    assert blocked(settings, plan(settings, host)) is None
    # A reboot that nobody allowed is none.
    assert (
        blocked(Settings(), plan(settings.model_copy(update={"gpu_allow_reboot": False}), busy))
        is None
    )


def test_a_reboot_stops_no_container_whose_end_was_waited_for() -> None:
    settings = Settings(**{**FULL, "gpu_driver": "580-server-open", "gpu_busy": "wait"})
    host = replace(RUNNING, gpus=free(DGX), packages=_engine("5:26.1.5-1~x"))
    engine = Engine("26.1.5", live_restore=True, containers=("train",))
    made = plan(settings, replace(host, engine=engine))
    assert made.ending == ("train",)
    assert made.stops == ("train",) and blocked(settings, made) is None
    reason = blocked(
        settings, plan(settings, replace(host, engine=replace(engine, containers=("train", "web"))))
    )
    assert reason and "the running container web: the host reboots" in reason


def test_nouveau_goes_with_a_reboot() -> None:
    assert planned(gpu_host(replace(NEW, nouveau=True)), **FULL).reboot


def test_services_wait_for_a_pending_reboot_too() -> None:
    stopped = {"nvidia-persistenced": Unit(there=True, enabled=True, active=False)}
    gpus = replace(free(idle(DGX)), units={**DGX.units, **stopped})
    assert planned(gpu_host(gpus), **FULL).driver
    waiting = planned(gpu_host(replace(gpus, loaded="550.163.01")), gpu_driver="570-server-open")
    assert waiting.driver is None
    assert any("a reboot is pending" in note for note in waiting.notes)


def test_the_reboot_that_was_pending_brings_mig_and_cdi_with_it() -> None:
    installed = replace(free(idle(DGX)), loaded=None, gpus=(), nouveau=True)
    after_it = planned(gpu_host(installed), **FULL, gpu_mig={"all": []})
    assert after_it.driver is None
    assert after_it.reboot and after_it.cdi and after_it.gpu_verify
    assert after_it.mig and set(after_it.mig.profiles) == {"0", "1"}


def test_mig_devices_do_not_outlive_a_reboot_and_come_again() -> None:
    host = gpu_host(idle(DGX))
    made = planned(host, **{**FULL, "gpu_driver": "580-server-open"}, gpu_mig=RIGHT)
    assert made.reboot and made.mig
    assert made.mig.profiles == {"0": ("3g.20gb", "1g.5gb")}
    (change,) = made.mig.changes
    assert (change.before, change.after) == ("on, without devices", "3g.20gb, 1g.5gb")
    assert "a reboot takes devices away" in change.reason


def test_fabric_manager_of_another_version_is_healed() -> None:
    assert planned(gpu_host(idle(DGX)), gpu_driver="570-server-open").driver is None
    packages = {**DGX.packages, "nvidia-fabricmanager-570": Package("570.124.06-1", "ii")}
    healed = planned(gpu_host(replace(idle(DGX), packages=packages)), gpu_driver="570-server-open")
    driver = healed.driver
    assert driver
    assert driver.fabric == ("nvidia-fabricmanager-570", "libnvidia-nscq-570")
    # The holds that are lifted for it come back.
    assert healed.hold and healed.hold.gpu
    assert driver.packages == () and not driver.replaces_loaded
    assert "nvidia-fabricmanager" in driver.units


def test_the_next_kernel_gets_headers_and_a_module_before_it_boots() -> None:
    gpus = replace(idle(DGX), headers=frozenset({KERNEL}), modules={KERNEL: "570.86.15"})
    driver = planned(gpu_host(gpus), gpu_driver="570-server-open").driver
    assert driver and driver.installs == (f"linux-headers-{NEXT}",)
    assert any("GPUs would be gone when it boots" in each.reason for each in driver.changes)


def test_a_kernel_with_the_module_of_another_version_gets_the_installed_one() -> None:
    gpus = replace(idle(DGX), modules={KERNEL: "570.86.15", NEXT: "535.183.01"})
    next_one = planned(gpu_host(gpus), gpu_driver="570-server-open", gpu_allow_reboot=True)
    assert next_one.driver and next_one.reboot is None
    (change,) = next_one.driver.changes
    assert (change.what, change.before) == (f"module for kernel {NEXT}", "535.183.01")
    # The one that runs is loaded already, so that the right one takes a reboot.
    gpus = replace(gpus, modules={KERNEL: "535.183.01", NEXT: "570.86.15"}, loaded="535.183.01")
    assert planned(gpu_host(gpus), gpu_driver="570-server-open", gpu_allow_reboot=True).reboot


def test_a_service_that_does_not_run_is_started() -> None:
    gpus = replace(idle(DGX), units={**DGX.units, "nvidia-persistenced": Unit(there=True)})
    driver = planned(gpu_host(gpus), gpu_driver="570-server-open").driver
    assert driver and driver.units == ("nvidia-persistenced",)
    assert driver.loads and not driver.breaks_jobs


def test_a_driver_that_is_not_loaded_is_loaded() -> None:
    gpus = replace(idle(DGX), loaded=None, gpus=(), failed="couldn't communicate with the driver")
    driver = planned(gpu_host(gpus), gpu_driver="570-server-open").driver
    assert driver and driver.loads and not (driver.packages or driver.breaks_jobs)
    assert driver.units == ("nvidia-persistenced", "nvidia-fabricmanager")
    assert [(each.what, each.after) for each in driver.changes] == [("nvidia module", "loaded")]
    (note,) = planned(gpu_host(gpus), gpu_count=2).notes
    assert "is installed, and not loaded" in note


def test_a_loaded_driver_that_shows_no_gpus_is_told_of() -> None:
    for failed in ("GPU is lost", ""):
        made = planned(gpu_host(replace(idle(DGX), gpus=(), failed=failed)), gpu_count=2)
        assert any((failed or "shows 0 of 2 GPUs") in note for note in made.notes)
    assert not any("nvidia-smi" in note for note in planned(gpu_host(idle(DGX))).notes)


@pytest.mark.parametrize(
    ("wanted", "argument"),
    [("latest", ""), ("1.17", "=1.17.*"), ("1.17.8", "=1.17.8-*"), ("1.17.8-1", "=1.17.8-1")],
)
def test_all_four_packages_of_the_toolkit_at_one_version(wanted: str, argument: str) -> None:
    toolkit = planned(gpu_toolkit_version=wanted).toolkit
    assert toolkit and toolkit.packages == tuple(f"{name}{argument}" for name in TOOLKIT_PACKAGES)
    there = gpu_host(idle(DGX))
    assert planned(there, gpu_toolkit_version=wanted).toolkit is None
    mixed = {**DGX.packages, "libnvidia-container1": Package("1.17.7-1", "ii")}
    host = gpu_host(replace(idle(DGX), packages=mixed))
    toolkit = planned(host, gpu_toolkit_version=wanted).toolkit
    assert toolkit and len(toolkit.packages) == 4


def test_docker_s_keys_come_beside_those_of_the_admin() -> None:
    theirs = {"runtimes": {"kata": {"path": "kata"}}, "features": {"buildkit": True}}
    host = replace(RUNNING, daemon_json=json.dumps(theirs), packages=_engine())
    made = planned(host, gpu_toolkit_version="latest", gpu_default_runtime=True)
    assert made.daemon and made.service
    keys = json.loads(made.daemon.content)
    assert keys["runtimes"]["kata"] == {"path": "kata"}
    assert keys["runtimes"]["nvidia"] == {"args": [], "path": "nvidia-container-runtime"}
    assert keys["features"] == {"buildkit": True, "cdi": True}
    assert keys["default-runtime"] == "nvidia"
    assert made.service.action == "restart"  # live-restore keeps the containers
    assert "features" not in json.loads(
        _daemon(replace(host, daemon_json="{}", packages=_engine("5:20.10.24-1~x")))
    )


def _engine(version: str = "5:26.1.5-1~x") -> dict[str, Package]:
    return {name: Package(version, "ii") for name in ("docker-ce", "docker-ce-cli")}


def _daemon(host: Observed) -> str:
    made = planned(host, gpu_toolkit_version="latest", docker_version="20.10").daemon
    assert made
    return made.content


def test_one_definition_of_each_repository_even_in_one_file() -> None:
    path = "/etc/apt/sources.list.d/all.list"
    docker = "deb https://download.docker.com/linux/ubuntu jammy stable\n"
    nvidia = "deb https://nvidia.github.io/libnvidia-container/stable/deb/amd64 /\n"
    foreign = "deb https://other.example/ubuntu jammy main\n"
    text = docker + nvidia + foreign
    host = replace(gpu_host(replace(NEW, sources={path: text})), apt_sources={path: text})
    made = planned(host, gpu_toolkit_version="latest")
    assert made.repository and made.gpu_sources
    assert made.repository.others == {path: nvidia + foreign}
    (step,) = made.gpu_sources.steps
    assert step.others == {path: foreign}
    assert step.wanted.source == TOOLKIT_SOURCE


@pytest.mark.parametrize(
    ("uri", "toolkit", "cuda"),
    [
        ("https://nvidia.github.io/libnvidia-container/stable/deb/amd64/", True, False),
        ("https://nvidia.github.io/nvidia-docker/ubuntu18.04/amd64", True, False),
        ("https://mirror.example/libnvidia-container/stable/deb/amd64/", True, False),
        ("https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/", False, True),
        ("https://m.example/nvidia/cuda/repos/ubuntu2204/x86_64", False, True),
        ("https://own.example/gpu/stable/deb/amd64/", False, False),
        ("https://cuda.example/ubuntu", False, False),
    ],
)
def test_what_counts_as_nvidias_repositories(uri: str, toolkit: bool, cuda: bool) -> None:
    assert is_toolkit(uri, "https://nvidia.github.io/libnvidia-container") is toolkit
    assert is_cuda(uri, CUDA) is cuda
    assert is_toolkit("https://own.example/gpu/stable/deb/amd64/", "https://own.example/gpu")


def test_nvidias_two_repositories_and_their_neighbours_share_a_mirror() -> None:
    mirror = "https://apt.corp/nvidia"
    settings: dict[str, Any] = {
        "gpu_toolkit_repo_url": mirror,
        "gpu_toolkit_version": "latest",
        "gpu_repo_url": f"{mirror}/cuda/repos",
        "gpu_driver": "550",
    }
    neighbour = f"deb {mirror}/dcgm-exporter stable main\n"
    old = f"deb {mirror}/stable/deb/amd64 /\ndeb {mirror}/cuda/repos/ubuntu2204/x86_64 /\n"
    path = "/etc/apt/sources.list.d/corp.list"
    host = gpu_host(replace(NEW, sources={path: neighbour + old}))
    made = planned(host, **settings)
    assert made.gpu_sources
    cuda, toolkit = made.gpu_sources.steps
    left = f"{neighbour}deb {mirror}/stable/deb/amd64 /\n"
    assert (cuda.others, toolkit.others) == ({path: left}, {path: neighbour})
    assert not is_cuda(f"{mirror}/debian12/x86_64/tools", mirror)
    assert is_cuda(f"{mirror}/debian12/x86_64/", mirror)


def test_mig_is_compared_by_what_is_there_and_cdi_follows() -> None:
    host = gpu_host(idle(DGX))
    same = planned(
        host, gpu_toolkit_version="latest", gpu_mig={0: ["1g.5gb", "3g.20gb"], "all": []}
    )
    assert same.mig is None and same.cdi is None
    other = planned(host, gpu_toolkit_version="latest", gpu_mig={"1": ["7g.40gb"]})
    assert other.mig and other.mig.profiles == {"1": ("7g.40gb",)}
    assert other.cdi and other.gpu_verify
    assert "GPU 1 (A2) has no MIG" in reasons(
        gpu_host(replace(idle(DGX), gpus=(replace(DGX.gpus[1], mig=None, name="A2"),))),
        gpu_mig={"all": ["1g.5gb"]},
    )


def test_what_a_run_that_died_left_is_shown_to_work() -> None:
    host = gpu_host(idle(DGX))
    home = after(Settings(), host, plan(Settings(), host))
    assert planned(home, gpu_count=2).gpu_verify is None
    died = planned(replace(home, unfinished="verify"), gpu_count=2)
    assert died.gpu_verify and died.changes == ()


BROKEN = {**FULL, "gpu_driver": "580-server-open"}
TRAIN, BARE_JOB = (
    "GPU 1: /usr/bin/python3 (4711) of alice in the container train (nvidia runtime)",
    ("GPU 1: ./train --data=a,b (4800) of bob"),
)
IDLE = "the container infer (CDI, idle)"


def test_while_a_restart_is_pending_only_the_host_shows_that_it_works() -> None:
    loaded = replace(free(idle(DGX)), packages={})
    host = replace(RUNNING, gpus=loaded, packages=_engine("5:26.1.5-1~x"))
    first = planned(host, gpu_toolkit_version="latest")
    assert first.service and first.service.action == "restart"
    assert first.gpu_verify and first.gpu_verify.ways == ("--gpus all", "CDI")
    never = planned(host, gpu_toolkit_version="latest", docker_restart="never")
    assert never.gpu_verify and never.gpu_verify.ways == ()


def test_a_busy_host_is_left_alone_and_the_jobs_are_named() -> None:
    made = planned(gpu_host(DGX), **BROKEN)
    assert made.jobs == (TRAIN, BARE_JOB)
    reason = blocked(Settings(**BROKEN), made)
    assert reason and TRAIN in reason and BARE_JOB in reason and "gpu_busy" in reason


def test_it_is_waited_for_or_broken_only_on_a_word() -> None:
    wait = {**BROKEN, "gpu_busy": "wait", "gpu_wait": "1h30m", "docker_allow_container_stop": True}
    made = planned(gpu_host(DGX), **wait)
    assert (made.gpu_wait, made.jobs) == (5400, (TRAIN, BARE_JOB))
    assert blocked(Settings(**wait), made) is None
    go = {**BROKEN, "gpu_busy": "go"}
    made = planned(gpu_host(DGX), **go)
    assert made.jobs == () and blocked(Settings(**go), made) is None
    assert any("breaks running jobs" in note for note in made.notes)


@pytest.mark.parametrize(
    ("gpus", "data", "again"),
    [
        (DGX, BROKEN, True),
        (DGX, {"gpu_toolkit_version": "1.18"}, True),
        (DGX, {**BROKEN, "gpu_busy": "go"}, False),
        # GPU by GPU, that is looked for where it is done.
        (DGX, {"gpu_mig": {"1": ["7g.40gb"]}}, False),
        (NEW, BROKEN, False),
    ],
)
def test_jobs_that_may_start_meanwhile_are_looked_for_again(
    gpus: Gpus, data: dict[str, Any], again: bool
) -> None:
    assert planned(gpu_host(idle(gpus)), **data).gpu_idle is again
    waits = planned(gpu_host(idle(gpus)), **{**data, "gpu_busy": "wait"}, gpu_wait="1m")
    assert (waits.jobs, waits.notes) == ((), ())
    assert waits.gpu_wait == (60 if waits.gpu_idle else 0)


@pytest.mark.parametrize(
    ("data", "jobs"),
    [
        # The container may have devices of the other GPU, too.
        ({"gpu_mig": {"0": ["7g.40gb"]}}, (TRAIN, IDLE)),
        ({"gpu_mig": {"1": ["7g.40gb"]}}, (TRAIN, BARE_JOB, IDLE)),
        ({"gpu_toolkit_version": "1.18"}, (TRAIN, BARE_JOB)),
        # Only systemd is reloaded by this, which breaks what got its GPUs through the runtime.
        ({"gpu_count": 2, "docker_http_proxy": "http://p.example:1"}, (TRAIN,)),
        # Docker is reloaded, which is nothing to systemd.
        ({"gpu_count": 2, "docker_registry_mirrors": ["http://m.example"]}, ()),
    ],
)
def test_whom_a_change_breaks(data: dict[str, Any], jobs: tuple[str, ...]) -> None:
    settings = Settings(gpu_hold=False)
    host = gpu_host(DGX)
    home = after(settings, host, plan(settings, host))
    assert planned(home, gpu_hold=False, **data).jobs == jobs


@pytest.mark.parametrize(
    "made",
    [
        Plan(repair=RepairStep(())),
        Plan(cache=CacheStep({}, (), (), (), ())),
        Plan(cache_gone=CacheGoneStep((), (), ())),
    ],
)
def test_a_repair_and_the_cache_reload_systemd_too(made: Plan) -> None:
    assert jobs_at_risk(gpu_host(DGX), made) == (TRAIN,)
    assert jobs_at_risk(gpu_host(DGX), Plan()) == ()


def test_who_computes_on_a_gpu_that_nobody_can_tell_is_in_the_way_too() -> None:
    lost = GpuProcess("?", "4711", "train", "alice")
    broken = replace(free(DGX), gpus=(), failed="GPU is lost", processes=(lost,), containers=())
    named = ("GPU ?: train (4711) of alice",)
    assert planned(gpu_host(broken), **BROKEN).jobs == named
    partly = replace(broken, gpus=DGX.gpus, failed="")
    assert planned(gpu_host(partly), gpu_mig={"1": ["7g.40gb"]}).jobs == named


def test_an_idle_container_of_the_runtime_loses_its_gpus_and_one_of_cdi_does_not() -> None:
    containers = (GpuContainer("notebook", "runc", "runtime"), GpuContainer("infer", "runc", "cdi"))
    busy = GpuProcess(DGX.gpus[1].uuid, "1", "serve", "eve", containers[1])
    host = gpu_host(replace(DGX, processes=(busy,), containers=containers))
    home = after(Settings(), host, plan(Settings(), host))
    made = planned(home, gpu_count=2, docker_http_proxy="http://p.example:1")
    assert made.jobs == ("the container notebook (nvidia runtime, idle)",)
    waits = planned(home, gpu_count=2, gpu_busy="wait", docker_http_proxy="http://p.example:1")
    assert waits.gpu_wait_for == ("notebook",)
    assert planned(home, gpu_busy="wait", gpu_mig={"0": ["7g.40gb"]}).gpu_wait_for == (
        "notebook",
        "infer",
    )


def test_what_is_held_is_one_set_and_comes_off_again() -> None:
    gpus = idle(DGX)
    hold = planned(gpu_host(gpus), gpu_driver="570-server-open").hold
    # Two are on hold already, and not by us.
    ours = {name for name, package in gpus.packages.items() if not package.held}
    assert hold and ours <= set(hold.ours)
    assert not {"nvidia-utils-570-server", "nvidia-headless-570-server-open"} & set(hold.ours)
    every = frozenset(gpus.packages)
    held = {name: replace(each, status="hi") for name, each in gpus.packages.items()}
    host = gpu_host(replace(gpus, packages=held), holds=every)
    off = planned(host, gpu_driver="570-server-open", gpu_hold=False).hold
    assert off and set(off.released) == every
    newer = planned(host, gpu_driver="580-server-open").driver
    assert newer and "nvidia-utils-570-server" in newer.lifted
    assert not {"linux-image-generic", "nvidia-container-toolkit"} & set(newer.lifted)


def test_what_the_admin_holds_is_not_moved() -> None:
    packages = {**DGX.packages, "nvidia-container-toolkit": Package("1.16.0-1", "hi")}
    said = reasons(gpu_host(replace(idle(DGX), packages=packages)), gpu_toolkit_version="1.17.8")
    assert "apt-mark unhold nvidia-container-toolkit" in said


@pytest.mark.parametrize(
    ("gpus", "data", "said"),
    [
        (NEW, {"gpu_count": 8}, "2 GPUs are on the PCI bus, and gpu_count is 8"),
        (None, {"gpu_count": 1}, "0 GPUs are on the PCI bus"),
        (replace(NEW, secure_boot=True), FULL, "mokutil --import"),
        # A V100 beside an A100; a B200; Grace Hopper.
        (
            replace(NEW, devices=("20b0", "1db5")),
            {"gpu_driver": "570-server-open"},
            'drives no GPU before Turing (10de:1db5); set gpu_driver to "570-server"',
        ),
        (
            replace(NEW, devices=("2901",)),
            {"gpu_driver": "570-server"},
            'only the open kernel module drives 10de:2901; set gpu_driver to "570-server-open"',
        ),
        (replace(NEW, devices=("2342",)), {"gpu_driver": "570"}, '"570-open"'),
        (replace(NEW, devices=("2901",) * 8), {"gpu_driver": "580-open"}, "(nvlsm)"),
        (replace(NEW, devices=("3182",) * 8), {"gpu_driver": "distro"}, "(nvlsm)"),
    ],
)
def test_hosts_that_are_refused(gpus: Gpus | None, data: dict[str, Any], said: str) -> None:
    assert said in reasons(replace(UBUNTU, gpus=gpus), **data)


@pytest.mark.parametrize(
    ("device", "driver"),
    [
        ("1db5", "570-server"),
        ("1e04", "570-open"),
        ("28b0", "570"),
        ("2330", "570"),
        ("2901", "570-open"),
    ],
)
def test_a_module_that_drives_the_gpus_is_no_reason(device: str, driver: str) -> None:
    assert planned(gpu_host(replace(NEW, devices=(device,))), gpu_driver=driver).driver


def test_a_board_with_a_subnet_manager_is_left_to_its_admin() -> None:
    host = gpu_host(replace(NEW, devices=("2901",) * 8))
    made = planned(host, gpu_toolkit_version="latest", gpu_count=8)
    assert made.toolkit and made.driver is None
    assert planned(gpu_host(replace(NEW, devices=("2901",))), gpu_driver="580-open").driver


def test_the_key_to_enrol_is_the_one_that_dkms_signs_with_there() -> None:
    host = gpu_host(replace(NEW, secure_boot=True))
    debian = reasons(host, **FULL)
    assert "dkms generate_mok, mokutil --import /var/lib/dkms/mok.pub" in debian
    signed = parse_gpus({"gpu_key": ["/var/lib/shim-signed/mok/MOK.der"]}).signing_key
    ubuntu = reasons(gpu_host(replace(NEW, secure_boot=True, signing_key=signed)), **FULL)
    key = "mokutil --import /var/lib/shim-signed/mok/MOK.der"
    assert f"update-secureboot-policy --new-key, {key}" in ubuntu
    gpus = replace(NEW, secure_boot=True, signing_key=signed)
    assert any(key in finding.remedy for finding in findings(gpus, Settings()))


def test_secure_boot_with_a_known_key_is_no_reason() -> None:
    assert planned(gpu_host(replace(NEW, secure_boot=True, key_enrolled=True)), **FULL).driver


def test_secure_boot_is_no_reason_where_no_module_is_built() -> None:
    host = gpu_host(replace(idle(DGX), secure_boot=True))
    assert planned(host, gpu_driver="570-server-open").driver is None
    assert "Secure Boot" in reasons(host, gpu_driver="580-server-open")


def test_debian_has_one_driver() -> None:
    host = replace(UBUNTU, distro="debian", release="12", codename="bookworm")
    assert "gpu_repo_url" in reasons(host, gpu_driver="570")
    driver = planned(host, gpu_driver="distro").driver
    assert driver and "nvidia-open-kernel-dkms" in driver.packages


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"gpu_driver": "latest"}, 'gpu_driver: write "keep"'),
        ({"gpu_driver": 570}, "570 is a number; write it in quotes"),
        ({"gpu_driver": "570.86.15"}, "set gpu_repo_url"),
        ({"gpu_driver": "570-server", "gpu_repo_url": CUDA}, "only Ubuntu's own"),
        ({"gpu_driver": "distro", "gpu_repo_url": CUDA}, "take gpu_repo_url out"),
        ({"gpu_toolkit_version": "x"}, 'write "latest"'),
        ({"gpu_mig": {"zero": []}}, "the number of a GPU"),
        ({"gpu_mig": {"0": ["3g"]}}, "write a profile"),
        ({"gpu_mig": {"0": ["3g.20gb; reboot"]}}, "write a profile"),
        ({"gpu_default_runtime": True}, "set gpu_toolkit_version"),
        ({"gpu_wait": "soon"}, "gpu_wait: write hours"),
        ({"gpu_drivr": "535"}, "the nearest is gpu_driver"),
        (
            {"gpu_driver": "535", "docker_source": "bundle", "docker_bundle": "/b"},
            "an offline bundle has no packages for GPUs",
        ),
    ],
)
def test_settings_that_make_no_sense(data: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said.replace("(", r"\(")):
        parse_settings(data)
