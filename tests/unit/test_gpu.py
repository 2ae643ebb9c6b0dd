"""GPUs: what the tools' answers mean, and what is found to be wrong with them."""

from dataclasses import replace
from typing import Any

import pytest

from rackwright.gpu.cdi import stale
from rackwright.gpu.health import findings
from rackwright.look.answer import parse, values_by_key
from rackwright.look.gpu import Gpu, GpuContainer, GpuProcess
from rackwright.look.gpu_answer import parse_gpus
from rackwright.look.observed import Package
from rackwright.look.probe import arguments
from rackwright.packages import nvidia
from rackwright.settings import Settings
from tests.unit.test_observed import recorded

DGX = parse_gpus(values_by_key(recorded("gpu-dgx")))
HEALTHY = replace(DGX, gpus=(DGX.gpus[0], replace(DGX.gpus[1], slowed=(), ecc_errors=0)))


def test_a_host_is_looked_at_for_gpus_only_when_its_settings_ask_for_them() -> None:
    without = arguments(Settings())["more"]
    assert arguments(Settings(gpu_wait="1h", gpu_hold=False))["more"] == without
    assert len(arguments(Settings(gpu_count=2))["more"]) > len(without)
    assert parse(recorded("bare-debian13")).gpus is None


def test_the_answers_of_the_tools() -> None:
    assert DGX.devices == ("20b0", "20b0")
    assert DGX.switches == 1
    assert DGX.kernels == ("5.15.0-91-generic", "5.15.0-101-generic")
    assert DGX.modules == dict.fromkeys(DGX.kernels, "570.86.15")
    assert (DGX.loaded, DGX.loaded_open, DGX.cuda) == ("570.86.15", True, "12.8")
    assert DGX.packages["nvidia-utils-570-server"] == Package("570.86.15-0ubuntu0.22.04.4", "hi")
    assert DGX.gpus[0] == Gpu(
        index="0",
        uuid="GPU-e86cb44c-6756-fd30-cd4a-1e6da3caf9b0",
        bus="00000000:07:00.0",
        name="NVIDIA A100-SXM4-40GB",
        driver="570.86.15",
        persistence=True,
        mig=True,
        mig_pending=True,
        memory=40960,
        memory_used=96,
        temperature=31,
        ecc_errors=0,
        profiles=("3g.20gb", "1g.5gb"),
    )
    assert DGX.gpus[1].slowed == ("hardware thermal slowdown",)
    train = GpuContainer("train", "runc", "runtime")
    assert DGX.containers == (train, GpuContainer("infer", "runc", "cdi"))
    gpu = DGX.gpus[1].uuid
    assert DGX.processes == (
        GpuProcess(gpu, "4711", "/usr/bin/python3", "alice", train),
        GpuProcess(gpu, "4800", "./train --data=a,b", "bob"),
    )
    assert DGX.cdi.names >= {"0:0", "0:1", "1", "all"}
    assert DGX.cdi.in_force
    assert DGX.unit("nvidia-persistenced").runs
    assert not DGX.unit("nvidia-cdi-refresh").there


@pytest.mark.parametrize(
    ("runtime", "visible", "way"),
    [
        ("nvidia", [], ""),
        ("nvidia", ['web "NVIDIA_VISIBLE_DEVICES=void"'], ""),
        ("nvidia", ['web "NVIDIA_VISIBLE_DEVICES="'], ""),
        ("nvidia", ['web "NVIDIA_VISIBLE_DEVICES=0,1"'], "runtime"),
        ("runc", ['web "NVIDIA_VISIBLE_DEVICES=all"'], ""),
    ],
)
def test_the_runtime_gives_gpus_only_to_containers_that_name_some(
    runtime: str, visible: list[str], way: str
) -> None:
    told = {"gpu_app": ["GPU-1, 7, a, 1"], "gpu_pid": ["7 root web"]}
    told |= {"gpu_visible": visible} if visible else {}
    gpus = parse_gpus({**told, "gpu_container": [f"web /web {runtime} null"]})
    (process,) = gpus.processes
    assert process.container == GpuContainer("web", runtime, way)
    assert gpus.containers == ((process.container,) if way else ())


@pytest.mark.parametrize(
    ("line", "version"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 2024",
            "535.183.01",
        ),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  565.77  Release Build",
            "565.77",
        ),
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.135", "550.135"),
    ],
)
def test_the_version_of_the_loaded_module(line: str, version: str) -> None:
    assert parse_gpus({"gpu_loaded": [line]}).loaded == version


def test_a_consumer_card_that_shows_less() -> None:
    row = (
        "0, GPU-1, 00000000:01:00.0, NVIDIA A2, 550.54.14, Disabled, [N/A], [N/A], "
        "15356, 4, 41, [N/A], [N/A]"
    )
    (gpu,) = parse_gpus({"gpu_smi": [row]}).gpus
    assert (gpu.mig, gpu.ecc_errors, gpu.slowed, gpu.memory) == (None, None, (), 15356)


def test_nobody_computes() -> None:
    assert parse_gpus({"gpu_app": [""]}).processes == ()
    warned = parse_gpus({"gpu_app": ["WARNING: infoROM is corrupted", "GPU-1, 7, a, 1"]})
    assert [process.pid for process in warned.processes] == ["7"]
    assert parse_gpus({"gpu_app": ["GPU-1, 7, a, 1"], "gpu_gone": ["7"]}).processes == ()


def test_a_host_that_works_has_no_findings() -> None:
    assert findings(HEALTHY, Settings(gpu_count=2)) == ()
    assert findings(None, Settings(gpu_count=0)) == ()
    assert findings(None, Settings()) == ()


LOST = {"5.15.0-91-generic": "570.86.15"}
OLD_FABRIC = {**HEALTHY.packages, "nvidia-fabricmanager-570": Package("570.124.06-1", "ii")}
NO_FABRIC = {k: v for k, v in HEALTHY.packages.items() if "fabric" not in k}
MIXED = {**HEALTHY.packages, "libnvidia-container1": Package("1.16.0-1", "ii")}
BARE: dict[str, Any] = {"packages": {}, "modules": {}, "loaded": None, "gpus": ()}


@pytest.mark.parametrize(
    ("changes", "settings", "what", "remedy"),
    [
        ({}, {"gpu_count": 8}, "2 GPUs are on the PCI bus, and gpu_count is 8", "Xid 79"),
        ({"devices": ("20b0",) * 3}, {}, "nvidia-smi shows 2 of 3", "reboot"),
        (BARE, {}, "no driver is installed", "gpu_driver"),
        ({"loaded": "535.1.1"}, {}, "570.86.15 is installed, 535.1.1 is loaded", "reboot"),
        ({"failed": "Driver/library version mismatch", "gpus": ()}, {}, "its libraries", "reboot"),
        ({"failed": "No devices were found", "gpus": ()}, {}, "No devices were found", "Xid"),
        ({"failed": "no answer within 30 s", "gpus": ()}, {}, "no answer within 30 s", "Xid"),
        # Where nvidia-smi is missing, too.
        ({"gpus": ()}, {}, "nvidia-smi shows 0 of 2", "reboot"),
        ({"loaded": None, "gpus": ()}, {}, "is installed, and not loaded", "modprobe"),
        ({"nouveau": True}, {}, "nouveau drives the GPUs", "reboot"),
        ({**BARE, "secure_boot": True}, {}, "Secure Boot", "mokutil --import"),
        (
            {
                "units": {
                    **HEALTHY.units,
                    "nvidia-persistenced": replace(
                        HEALTHY.units["nvidia-persistenced"], active=False
                    ),
                }
            },
            {},
            "nvidia-persistenced does not run",
            "systemctl enable",
        ),
        (
            {"modules": LOST},
            {},
            "no driver for kernel 5.15.0-101-generic, which boots next",
            "linux-headers-5.15.0-101-generic",
        ),
        (
            {"modules": {**HEALTHY.modules, "5.15.0-101-generic": "535.183.01"}},
            {},
            "the driver for kernel 5.15.0-101-generic, which boots next, is 535.183.01, installed "
            "is 570.86.15",
            "dkms autoinstall -k 5.15.0-101-generic",
        ),
        (
            {"packages": OLD_FABRIC},
            {},
            "Fabric Manager is 570.124.06, the driver 570.86.15",
            "gpu_driver",
        ),
        ({"packages": NO_FABRIC}, {}, "1 NVSwitches and no Fabric Manager", "gpu_driver"),
        ({"units": {}}, {}, "Fabric Manager does not run", "systemctl enable"),
        (
            {"packages": NO_FABRIC, "switches": 0, "runtimes": frozenset({"runc"})},
            {},
            "does not know the nvidia runtime",
            "gpu_toolkit_version",
        ),
        ({"packages": MIXED}, {}, "not of one version", "gpu_toolkit_version"),
        ({"packages": {}, "switches": 0}, {}, "no Container Toolkit", "latest"),
        ({"cdi": replace(HEALTHY.cdi, files=())}, {}, "there is none", "nvidia-ctk cdi generate"),
        (
            {"gpus": (HEALTHY.gpus[0], DGX.gpus[1])},
            {},
            "GPU 1 had 2 uncorrected ECC errors",
            "-i 1 --gpu-reset",
        ),
        (
            {"gpus": (HEALTHY.gpus[0], DGX.gpus[1])},
            {},
            "throttled (hardware thermal slowdown)",
            "cooling",
        ),
        (
            {},
            {"gpu_mig": {"all": [], "0": ["1g.5gb", "3g.20gb"], "1": ["7g.40gb"]}},
            "GPU 1 has no MIG devices, wanted are 7g.40gb",
            "deploy.py",
        ),
    ],
)
def test_what_is_wrong_and_the_remedy(
    changes: dict[str, Any], settings: dict[str, Any], what: str, remedy: str
) -> None:
    found = [
        each
        for each in findings(replace(HEALTHY, **changes), Settings(**settings))
        if what in each.what
    ]
    assert len(found) == 1, findings(replace(HEALTHY, **changes), Settings(**settings))
    assert remedy in found[0].remedy


@pytest.mark.parametrize(
    ("cdi", "reason"),
    [
        ({"drivers": frozenset({"535.183.01"})}, "it is of driver 535.183.01, 570.86.15 is loaded"),
        ({"names": frozenset({"0", "1", "all"})}, "it has 0, 1, all, there are 0:0, 0:1, 1, all"),
    ],
)
def test_a_cdi_specification_that_is_not_right_any_more(cdi: dict[str, Any], reason: str) -> None:
    assert stale(DGX) == ""
    assert stale(replace(DGX, cdi=replace(DGX.cdi, **cdi))) == reason


def test_which_module_fits_which_gpus() -> None:
    assert nvidia.open_module_fits(("20b0", "1e04"))  # A100, Turing
    assert not nvidia.open_module_fits(("20b0", "1db6"))  # V100
    assert not nvidia.open_module_fits(())


@pytest.mark.parametrize(
    ("wanted", "packages"),
    [
        ("570", ("cuda-drivers-570",)),
        ("570.86.15-open", ("nvidia-open-570",)),
        ("590-open", ("nvidia-open",)),
    ],
)
def test_names_in_nvidias_repository(wanted: str, packages: tuple[str, ...]) -> None:
    driver = nvidia.driver(wanted)
    assert driver
    assert nvidia.cuda_driver(driver) == packages


def test_names_in_the_distributions_archives() -> None:
    archive = nvidia.archive_driver
    assert archive(nvidia.driver("570-server-open"), ("20b0",)) == (
        "nvidia-headless-570-server-open",
        "nvidia-utils-570-server",
    )
    ubuntu = nvidia.distro_driver("ubuntu", ("20b0",))
    assert archive(ubuntu, ("20b0",))[0] == "nvidia-headless-580-server-open"
    assert nvidia.distro_driver("debian", ("20b0",)) is None
    assert archive(None, ("1db6",))[0] == "nvidia-kernel-dkms"
    assert archive(None, ("20b0",))[0] == "nvidia-open-kernel-dkms"


def test_where_nvidias_repository_is_and_who_signs_it() -> None:
    url = nvidia.cuda_repository(nvidia.CUDA_REPO_URL, "ubuntu", "24.04", "amd64")
    assert url == f"{nvidia.CUDA_REPO_URL}/ubuntu2404/x86_64/"
    assert (
        nvidia.cuda_repository("https://m", "debian", "12", "arm64") == "https://m/debian12/sbsa/"
    )
    assert nvidia.cuda_key("ubuntu", "24.04")[0] == "3bf863cc.pub"
    assert nvidia.cuda_key("debian", "13")[1].endswith("8793F200")
