"""The single decisions behind a plan."""

from dataclasses import replace

import pytest

from rackwright.look.leftovers import Leftovers
from rackwright.look.observed import Engine, Package
from rackwright.packages.docker_sources import SOURCE, is_docker
from rackwright.purge import purge_plan
from rackwright.settings import Settings
from rackwright.steps.conflicts import conflicts_step
from rackwright.steps.engine import ENGINE_PACKAGES, engine_step, older, upstream, version_fits
from rackwright.steps.purge import Words
from rackwright.steps.repository import repository_notes, repository_step
from tests.unit.states import BARE, NEWEST, OLD_LIST, source_text

DOCKER = "https://download.docker.com/linux"


@pytest.mark.parametrize(
    ("installed", "wanted", "fits"),
    [
        (NEWEST, "latest", True),
        (NEWEST, NEWEST, True),
        (NEWEST, "26", True),
        (NEWEST, "26.1", True),
        (NEWEST, "26.1.5", True),
        (NEWEST, "26.10", False),
        (NEWEST, "2", False),
        (NEWEST, "26.1.50", False),
        (NEWEST, "5:26.1.5-1~debian.13~trixie", False),
        ("5:20.10.24~3-0~debian-bookworm", "20.10.24", True),
    ],
)
def test_version_fits(installed: str, wanted: str, fits: bool) -> None:
    assert version_fits(installed, wanted) is fits


def test_upstream_version() -> None:
    assert upstream(NEWEST) == "26.1.5"
    assert upstream("5:20.10.24~3-0~debian-bookworm") == "20.10.24"


@pytest.mark.parametrize(
    ("wanted", "installed", "is_older"),
    [
        ("20.10", NEWEST, True),
        ("26.0", NEWEST, True),
        ("26.1", NEWEST, False),
        ("28", NEWEST, False),
        ("latest", NEWEST, False),
        ("9.0", NEWEST, True),
    ],
)
def test_older(wanted: str, installed: str, is_older: bool) -> None:
    assert older(wanted, installed) is is_older


@pytest.mark.parametrize(("package", "stops"), [("runc", True), ("docker-doc", False)])
def test_what_containers_run_on_goes_with_the_engine(package: str, stops: bool) -> None:
    engine = Engine("26.1.5", containers=("training",))
    host = replace(BARE, packages={package: Package("1.1", "ii")}, engine=engine)
    step = conflicts_step(host)
    assert step and step.stops_engine is stops
    assert step.changes[0].stops == (("training",) if stops else ())


def test_a_missing_plugin_does_not_move_the_engine() -> None:
    names = (*ENGINE_PACKAGES, "containerd.io", "docker-compose-plugin")
    host = replace(BARE, packages={name: Package(NEWEST, "ii") for name in names})
    step = engine_step(Settings(), host, new_source=False)
    assert step and step.packages == ("docker-buildx-plugin",)


@pytest.mark.parametrize(
    ("url", "component", "docker"),
    [
        (f"{DOCKER}/debian", "stable", True),
        (f"{DOCKER}/ubuntu/", "nightly", True),
        ("http://download.docker.com/linux/centos", "stable", True),
        ("https://mirrors.example/docker-ce/linux/ubuntu", "stable", True),
        ("http://192.0.2.1:8080/linux/debian", "test", True),
        ("http://own.example/docker/debian", "main", True),
        ("https://user:secret@download.docker.com:443//linux/debian/", "main", True),
        ("http://cache:3142/HTTPS///download.docker.com/linux/debian", "main", True),
        ("https://apt.dockerproject.org/repo", "main", True),
        ("https://nexus.example/repository/docker-ce-debian/", "stable", True),
        ("https://nexus.example/repository/docker-ce-debian/", "main", False),
        ("http://[broken/linux/debian", "stable", True),
        ("cdrom:[Debian", "main", False),
        ("http://own.example/nodocker/debian", "stable", False),
        ("https://mirrors.example/linux/ubuntu", "main", False),
        ("https://chrome.example/linux/chrome/deb", "stable", False),
        ("https://nvidia.example/libnvidia-container/stable/deb/amd64", "", False),
    ],
)
def test_what_counts_as_docker_s_repository(url: str, component: str, docker: bool) -> None:
    assert is_docker(url, component.split(), "http://own.example/docker") is docker


@pytest.mark.parametrize(
    ("url", "component", "docker"),
    [
        ("https://apt.corp/debian", "stable", True),
        ("https://apt.corp:443/ubuntu/", "stable", True),
        ("https://apt.corp/docker-tools", "stable", False),
        ("https://apt.corp/debian-security", "main", False),
        ("https://apt.corp/", "stable", False),
    ],
)
def test_docker_s_neighbours_at_a_mirror_are_not_docker_s(
    url: str, component: str, docker: bool
) -> None:
    assert is_docker(url, [component], "https://apt.corp") is docker


def test_the_distribution_s_own_list_stays_when_nothing_but_docker_was_in_it() -> None:
    comment = "# Ubuntu sources have moved to /etc/apt/sources.list.d/ubuntu.sources\n"
    host = replace(
        BARE, apt_sources={"/etc/apt/sources.list": comment + OLD_LIST.format(url=DOCKER)}
    )
    step = repository_step(Settings(), host)
    assert step and step.others == {"/etc/apt/sources.list": comment}


def test_a_company_s_key_may_sign_for_others_and_stays() -> None:
    path = "/etc/apt/trusted.gpg.d/company.asc"
    settings = Settings(docker_key_fingerprint="1" * 40)
    host = replace(BARE, trusted_keyrings={path: frozenset({"1" * 40})})
    step = repository_step(settings, host)
    assert step and step.distrusted == ()
    (note,) = repository_notes(settings, host)
    assert note.startswith(f"{path} holds the key that signs Docker's packages")
    assert purge_plan(settings, host, Leftovers(), Words()).empty


def test_definitions_elsewhere_go_and_others_stay() -> None:
    foreign = "deb http://archive.example/debian bookworm main\n"
    mirror = "https://mirrors.example/docker-ce/linux"
    deb822 = "Types: deb\nURIs: {url}\nSuites: bookworm\nComponents: stable\n"
    host = replace(
        BARE,
        keyring=frozenset({Settings().docker_key_fingerprint}),
        apt_sources={
            SOURCE: source_text(Settings(), BARE),
            "/etc/apt/sources.list": foreign + OLD_LIST.format(url=DOCKER),
            "/etc/apt/sources.list.d/docker.list": OLD_LIST.format(url=mirror),
            "/etc/apt/sources.list.d/mixed.sources": "\n".join(
                [
                    deb822.format(url="http://archive.example/debian"),
                    deb822.format(url=f"{mirror}/debian"),
                ]
            ),
            "/etc/apt/sources.list.d/off.list": "# " + OLD_LIST.format(url=DOCKER),
        },
    )
    step = repository_step(Settings(), host)
    assert step is not None
    assert step.others == {
        "/etc/apt/sources.list": foreign,
        "/etc/apt/sources.list.d/docker.list": None,
        "/etc/apt/sources.list.d/mixed.sources": deb822.format(url="http://archive.example/debian")
        + "\n",
    }


def test_a_password_in_a_uri_is_not_shown() -> None:
    line = OLD_LIST.format(url="https://me:secret@mirror.example/docker-ce/linux")
    host = replace(BARE, apt_sources={"/etc/apt/sources.list": line, SOURCE: "URIs: " + line[4:]})
    step = repository_step(Settings(), host)
    assert step
    assert "//***@mirror.example/" in str(step.changes)
    assert "secret" not in str(step.changes)


def test_an_exact_version_of_a_package_goes_before_the_newest() -> None:
    exact = {"containerd.io": "1.7.24-1", "docker-ce": NEWEST}
    step = engine_step(Settings(docker_package_versions=exact), BARE, new_source=True)
    assert step is not None
    assert step.packages == (
        f"docker-ce={NEWEST}",
        f"docker-ce-cli={NEWEST}",
        f"docker-ce-rootless-extras={NEWEST}",
        "containerd.io=1.7.24-1",
        "docker-buildx-plugin",
        "docker-compose-plugin",
    )
