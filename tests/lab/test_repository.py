"""Definitions of Docker's repository, wherever they stand, become one; other people's stay."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran

PARTS = "/etc/apt/sources.list.d"
KEYRING = "/etc/apt/keyrings/docker.asc"
TRUSTED = "/etc/apt/trusted.gpg.d"
UPDATE = "LC_ALL=C apt-get update -q -o APT::Update::Error-Mode=any 2>&1"
ARCHIVE = "sed -n 's/^deb \\([^[ ]*\\) [a-z]* main$/\\1/p' /etc/apt/sources.list"
# $1 is the package source, $2 a mirror of it: the same under another path. Two URLs of one
# repository with two keyrings is what apt calls conflicting.
SOIL = (
    rf"archive=$({ARCHIVE})"
    + r"""
. /etc/os-release
url=$1/$ID mirror=$2/$ID suite=$VERSION_CODENAME keys=/usr/share/keyrings
sources=/etc/apt/sources.list
own=$(sed -n 's/^deb [^[ ]* \([a-z]*\) main$/\1/p' $sources)
curl -fsS "$url/gpg" > $keys/docker.asc
gpg --dearmor < $keys/docker.asc | tee $keys/old.gpg > /etc/apt/trusted.gpg.d/docker.gpg
GNUPGHOME=$(mktemp -d); export GNUPGHOME
gpg --batch --quiet --passphrase '' --quick-gen-key other@example.org
gpg --export other@example.org | cat - $keys/old.gpg > /etc/apt/trusted.gpg.d/mixed.gpg

cat >> $sources <<END
# our own line
deb [arch=amd64 signed-by=$keys/old.gpg] $url $suite stable # since 2021
END
printf '# from M\374nchen\n' >> /etc/apt/sources.list
chmod 0640 /etc/apt/sources.list; chown root:adm /etc/apt/sources.list

echo "deb [signed-by=$keys/docker.asc] $url/ $suite stable" > /etc/apt/sources.list.d/d.list

cat > /etc/apt/sources.list.d/mixed.sources <<END
# Debian, from where we always get it
Types: deb
URIs: $archive
Suites: $own-backports
Components: main
Signed-By: $keys/debian-archive-keyring.gpg
# not the backports

Types: deb
URIs: $url
 $mirror
Suites: $suite
Components: stable
Signed-By:
$(sed 's/^$/./; s/^/ /' $keys/docker.asc)

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: $suite
Components: main

Enabled: no
Types: deb
URIs: $mirror
Suites: $suite
Components: stable
END
cp -p --parents /etc/apt/sources.list /etc/apt/sources.list.d/* /root/
"""
)


@pytest.fixture(scope="module")
def mirror(lab: Lab) -> str:
    """The URL of a mirror of the package source, without "docker" in it."""
    return lab.services["repo_url"].replace("/linux", "/wrong-key/linux")


@pytest.fixture(scope="module")
def soiled(lab: Lab, mirror: str) -> tuple[str, ...]:
    """Hosts with the repository in three files and its key in two that apt trusts for all."""
    lab.reset(*lab.all)
    with ThreadPoolExecutor() as pool:
        soil = f"set -- {lab.services['repo_url']} {mirror}\n{SOIL}{UPDATE} || true"
        for said in pool.map(lambda name: lab.root(name, soil), lab.all):
            assert "Conflicting values set for option Signed-By" in said
    return lab.all


@pytest.fixture(scope="module")
def shown(lab: Lab, soiled: tuple[str, ...]) -> Ran:
    """The plans, before anything is done."""
    return lab.deploy("--dry")


@pytest.fixture(scope="module")
def made(lab: Lab, shown: Ran) -> Ran:
    """The run on all hosts: two engines, on Debian 12, Debian 13 and one identified as Ubuntu."""
    versions = {lab.dirty: "26.1", lab.debian13: "26.1", lab.ubuntu: "20.10"}
    ran = lab.deploy(data={name: {"docker_version": each} for name, each in versions.items()})
    assert ran.code == 0, ran.output
    return ran


@pytest.fixture(params=["dirty", "debian13", "ubuntu"])
def host(lab: Lab, made: Ran, request: pytest.FixtureRequest) -> str:
    """Each of the hosts after the run."""
    return str(getattr(lab, request.param))


@pytest.fixture
def healed(lab: Lab, made: Ran) -> str:
    """One of them."""
    return str(lab.debian13)


@pytest.mark.parametrize("kind", ["dirty", "debian13", "ubuntu"])
def test_the_plan_shows_what_goes(lab: Lab, shown: Ran, mirror: str, kind: str) -> None:
    name = getattr(lab, kind)
    family = "ubuntu" if kind == "ubuntu" else "debian"
    url = f"{lab.services['repo_url']}/{family}"
    plan = shown.output.partition(f"{name}: ")[2].partition("\n\n")[0]
    for line in (
        f"/etc/apt/sources.list: defines Docker's repository too ({url}) -> without it",
        f"{PARTS}/d.list: defines Docker's repository too ({url}/) -> removed",
        f"{PARTS}/mixed.sources: defines Docker's repository too "
        f"({url}, {mirror}/{family}) -> without it",
    ):
        assert f"  repository  {line}\n" in plan, shown.output
    for keyring in ("docker.gpg", "mixed.gpg"):
        note = f"note: {TRUSTED}/{keyring} holds the key that signs Docker's packages"
        assert note in plan


def test_three_definitions_are_healed_to_one(lab: Lab, host: str) -> None:
    asked = lab.root(host, "apt-get update --print-uris")
    releases = [line for line in asked.split() if line.endswith("/InRelease'")]
    suite = lab.root(host, '. /etc/os-release; echo "$ID/dists/$VERSION_CODENAME"').strip()
    assert [line for line in releases if "linux/" in line] == [
        f"'{lab.services['repo_url']}/{suite}/InRelease'"
    ]
    updated = lab.root(host, UPDATE)
    assert not re.search("^[WE]:", updated, re.MULTILINE), updated


def test_what_is_not_docker_s_is_as_it_was(lab: Lab, host: str) -> None:
    taken = lab.root(
        host,
        "cd /root/etc/apt; diff --text sources.list /etc/apt/sources.list || true; "
        f"diff sources.list.d/mixed.sources {PARTS}/mixed.sources || true",
    )
    assert [line for line in taken.splitlines() if line.startswith(">")] == []
    gone = [line[2:] for line in taken.splitlines() if line.startswith("<")]
    assert sum(line.startswith("deb [arch=amd64") for line in gone) == 1
    assert sum(line.startswith("URIs: ") for line in gone) == 2
    assert not [line for line in gone if line.startswith("#") or "off.example" in line]
    mode = lab.root(host, "stat -c '%U:%G %a' /etc/apt/sources.list").strip()
    assert mode == "root:adm 640"
    assert lab.root(host, f"ls -A {PARTS}").split() == ["docker.sources", "mixed.sources"]
    assert lab.root(host, f"ls -I 'debian-*' {TRUSTED}").split() == ["docker.gpg", "mixed.gpg"]


def test_the_files_as_they_were_are_kept(lab: Lab, host: str) -> None:
    lab.root(
        host,
        "mkdir /root/kept; tar -C /root/kept -xf /var/backups/rackwright/*.tar.gz; "
        "diff -r /root/etc/apt/sources.list.d /root/kept/etc/apt/sources.list.d; "
        "diff --text /root/etc/apt/sources.list /root/kept/etc/apt/sources.list",
    )


def test_again_changes_nothing_with_one_command(lab: Lab, made: Ran, host: str) -> None:
    counter.start(host)
    again = lab.deploy(limit=[host], data={lab.ubuntu: {"docker_version": "20.10"}})
    assert counter.stop(host) == 1
    assert "1 host: 1 unchanged" in again.output, again.output


def test_a_mirror_among_four_hundred_sources_is_found(lab: Lab, healed: str, mirror: str) -> None:
    lab.root(
        healed,
        f"cd {PARTS}; for n in $(seq 400); do "
        'echo "deb [trusted=yes] http://s$n.example/linux/x ./" > s$n.list; done; '
        f"echo 'deb [trusted=yes] {mirror}/debian trixie stable' > s250.list; "
        f"echo 'deb {mirror}/debian trixie stable' > 'not read by apt.list'",
    )
    plan = lab.deploy("--dry", limit=[healed])
    lab.root(healed, f"rm {PARTS}/s*.list {PARTS}/not*.list")
    assert re.findall(r"^  repository  (\S+):", plan.output, re.MULTILINE) == [f"{PARTS}/s250.list"]


def test_a_replaced_key_is_put_right_only_by_the_wanted_one(
    lab: Lab, healed: str, mirror: str
) -> None:
    lab.root(healed, f"echo other > {KEYRING}")
    refused = lab.deploy(limit=[healed], data={healed: {"docker_repo_url": mirror}})
    assert "wanted is" in refused.output and refused.code != 0, refused.output
    assert lab.root(healed, f"cat {KEYRING}") == "other\n"
    ran = lab.deploy(limit=[healed])
    assert "1 host: 1 changed" in ran.output, ran.output
    assert lab.root(healed, f"{UPDATE}; cat {KEYRING}").count("BEGIN PGP PUBLIC KEY") == 1
    newest = lab.root(healed, "ls -t /var/backups/rackwright/* | head -n 1").strip()
    assert lab.root(healed, f"tar -xOf {newest} etc/apt/keyrings/docker.asc") == "other\n"


def test_our_own_file_turned_off_and_added_to_is_put_right(lab: Lab, healed: str) -> None:
    archive = lab.root(healed, ARCHIVE)
    foreign = f"Types: deb\nURIs: {archive.strip()}\nSuites: trixie-proposed-updates\n"
    foreign += (
        "Components: main\n# ours\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )
    lab.root(
        healed,
        f"echo 'Enabled: no' >> {PARTS}/docker.sources; "
        f"printf '\\n{foreign}' >> {PARTS}/docker.sources",
    )
    ran = lab.deploy(limit=[healed])
    assert "1 host: 1 changed" in ran.output, ran.output
    text = lab.root(healed, f"cat {PARTS}/docker.sources")
    assert text.endswith(f"\n\n{foreign}")
    assert text.count("written by Rackwright") == 1
    assert "Enabled" not in text
    again = lab.deploy(limit=[healed])
    assert "1 host: 1 unchanged" in again.output, again.output


def test_a_run_that_dies_between_two_definitions_is_taken_up(lab: Lab, healed: str) -> None:
    url = lab.services["repo_url"]
    lab.root(
        healed,
        f"for n in 1 2; do echo 'deb [trusted=yes] {url}/debian trixie stable' > {PARTS}/x$n.list;"
        f" done; rm {PARTS}/docker.sources",
    )
    lab.deploy_and_kill(healed, at=f"{PARTS}/x1.list is gone")
    ran = lab.deploy(limit=[healed])
    assert "1 host: 1 changed" in ran.output, ran.output
    assert lab.root(healed, f"ls -A {PARTS}").split() == ["docker.sources", "mixed.sources"]
    again = lab.deploy(limit=[healed])
    assert "1 host: 1 unchanged" in again.output, again.output
