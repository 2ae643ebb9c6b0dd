"""Simulated GPU hosts: hardware, packages and what their control files promise one another."""

import re
import struct
import subprocess
from itertools import chain
from pathlib import Path

import pytest

from lab.gpu import cards, driver, hardware, kernels, repository, toolkit
from lab.gpu.deb import with_folders
from lab.gpu.module import kernel_module
from lab.gpu.package import Package
from lab.shell import LabError
from lab.tar import File

ALL = {
    "debian": [*repository.cuda_packages("debian"), *repository.distribution_packages("debian")],
    "ubuntu": [*repository.cuda_packages("ubuntu"), *repository.distribution_packages("ubuntu")],
    "toolkit": [each for v in toolkit.VERSIONS for each in toolkit.packages(v)],
}


def test_hardware_has_a_name() -> None:
    found = cards.parse("a100x8+nvswitch+secureboot")
    assert found
    assert (found.card.name, found.count) == ("NVIDIA A100-SXM4-40GB", 8)
    assert found.extras == {"nvswitch", "secureboot"}
    assert cards.parse("none") is None


@pytest.mark.parametrize("name", ["a100", "gtx9x1", "t4x0", "t4x1+turbo", "t4x-1"])
def test_an_unknown_one_is_an_error_that_lists_the_known(name: str) -> None:
    with pytest.raises(LabError, match=rf"{re.escape(name)}.*t4x1.*\+nvswitch.*a100-80g"):
        cards.parse(name)


def test_pci_devices_are_those_of_real_cards() -> None:
    profile = cards.parse("a100x2+nvswitch")
    assert profile
    state = hardware.state(profile)
    classes = [path for path in state if path.endswith("/class")]
    shown = {
        (
            state[path],
            state[path.replace("/class", "/device")],
            state[path.replace("class", "vendor")],
        )
        for path in classes
    }
    assert shown == {
        (b"0x030200\n", b"0x20b0\n", b"0x10de\n"),
        (b"0x068000\n", b"0x1af1\n", b"0x10de\n"),
    }
    assert len(classes) == 2 + 6
    config = state[f"pci/{hardware.bus(1)}/config"]
    assert struct.unpack_from("<HH", config) == (0x10DE, 0x20B0)
    assert config[9:12] == bytes([0x00, 0x02, 0x03])


def test_addresses_of_many_cards_differ() -> None:
    assert len({hardware.bus(number) for number in range(16)}) == 16


def test_all_files_of_a_host_with_a_card_are_its_own() -> None:
    profile = cards.parse("t4x1")
    assert profile
    files = hardware.files(profile)
    assert "lab/gpu/bin/smi.sh" in files
    assert files["usr/local/bin/uname"].mode == 0o755
    assert b"install nvidia /lab/gpu/bin/kernel.sh" in files["etc/modprobe.d/lab.conf"].content


@pytest.mark.parametrize("name", ALL)
def test_every_package_calls_itself_a_stand_in(name: str) -> None:
    for package in ALL[name]:
        assert f"Description: stand-in for {package.name}" in package.control("amd64")


@pytest.mark.parametrize("name", ALL)
def test_what_a_package_needs_is_there_in_that_version(name: str) -> None:
    there = {(each.name, each.version) for each in ALL[name]}
    names = {name for name, _ in there}
    for package in ALL[name]:
        for needed in chain.from_iterable(each.split(", ") for each in package.depends):
            for one in needed.split(" | "):
                word, _, version = one.partition(" (= ")
                assert word.split()[0] in names, package
                assert not version or (word, version.rstrip(")")) in there, package


def test_branches_have_more_than_one_release_and_names_follow_nvidias() -> None:
    for branch, (_, releases) in driver.BRANCHES.items():
        assert len(releases) >= 2
        assert {driver.branch(each) for each in releases} == {branch}
    names = {each.name for each in ALL["debian"]} & {each.name for each in ALL["ubuntu"]}
    assert {"nvidia-open-570", "cuda-drivers-535", "nvidia-fabricmanager-570"} <= names
    assert {"nvidia-fabricmanager", "libnvidia-nscq", "nvidia-open", "cuda-drivers"} <= names
    with pytest.raises(LabError, match=r"no driver 999\.1"):
        driver.branch("999.1")


def test_the_kernel_after_next_has_no_headers() -> None:
    names = {each.name for each in kernels.packages("debian", "6.8.0-51-generic")}
    assert {"linux-image-6.8.1-51-generic", "linux-headers-6.8.1-51-generic"} <= names
    assert "linux-image-6.8.2-51-generic" in names
    assert "linux-headers-6.8.2-51-generic" not in names
    with pytest.raises(ValueError, match="no kernel version"):
        kernels.later("linux", 1)


def test_a_package_is_one_that_dpkg_reads(tmp_path: Path) -> None:
    package = Package("nvidia-smi", "570.1-1", ("libc6",), files={"usr/bin/x": File(b"x", 0o755)})
    path = tmp_path / package.file_name("amd64")
    path.write_bytes(package.deb("amd64"))
    said = subprocess.check_output(["dpkg-deb", "--field", path, "Package", "Version"], text=True)
    assert said == "Package: nvidia-smi\nVersion: 570.1-1\n"
    listed = subprocess.check_output(["dpkg-deb", "--contents", path], text=True)
    assert [line.split()[-1] for line in listed.splitlines()] == ["usr/", "usr/bin/", "usr/bin/x"]
    assert listed.splitlines()[-1].startswith("-rwxr-xr-x 0/0")


def test_folders_above_a_file_are_made() -> None:
    assert set(with_folders({"a/b/c": File()})) == {"a/", "a/b/", "a/b/c"}


def test_a_module_says_its_version_in_its_own_section() -> None:
    made = kernel_module("570.1", "NVIDIA")
    table, count, names = (
        struct.unpack_from("<Q", made, 40)[0],
        *struct.unpack_from("<HH", made, 60),
    )
    headers = [struct.unpack_from("<IIQQQQIIQQ", made, table + 64 * each) for each in range(count)]
    text = made[headers[names][4] :]
    sections = {text[each[0] :].partition(b"\0")[0]: made[each[4] :][: each[5]] for each in headers}
    assert b"version=570.1\0" in sections[b".modinfo"]
    assert b"license=NVIDIA\0" in sections[b".modinfo"]


def test_only_newer_toolkits_refresh_by_themselves() -> None:
    units = {
        version: any(path.endswith("nvidia-cdi-refresh.path") for path in each.files)
        for version in toolkit.VERSIONS
        for each in toolkit.packages(version)
        if each.name == "nvidia-container-toolkit-base"
    }
    assert units == {"1.17.8": False, "1.19.1": True}
