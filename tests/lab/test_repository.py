"""Definitions of Docker's repository, wherever they stand, become one; other people's stay."""

import re

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran

PARTS = "/etc/apt/sources.list.d"
KEYRING = "/etc/apt/keyrings/docker.asc"
TRUSTED = "/etc/apt/trusted.gpg.d"
UPDATE = "LC_ALL=C apt-get update -q -o APT::Update::Error-Mode=any 2>&1"
# $1 is the package source, $2 a mirror of it: the same under another path. Two URLs of one
# repository with two keyrings is what apt calls conflicting.
SOIL = r"""
url=$1 mirror=$2 keys=/usr/share/keyrings
archive=$(sed -n 's/^deb \(.*\) trixie main$/\1/p' /etc/apt/sources.list)
curl -fsS "$url/debian/gpg" > $keys/docker.asc
gpg --dearmor < $keys/docker.asc | tee $keys/old.gpg > /etc/apt/trusted.gpg.d/docker.gpg
GNUPGHOME=$(mktemp -d); export GNUPGHOME
gpg --batch --quiet --passphrase '' --quick-gen-key other@example.org
gpg --export other@example.org | cat - $keys/old.gpg > /etc/apt/trusted.gpg.d/mixed.gpg

cat >> /etc/apt/sources.list <<END
# our own line
deb [arch=amd64 signed-by=$keys/old.gpg] $url/debian trixie stable # since 2021
END
printf '# from M\374nchen\n' >> /etc/apt/sources.list
chmod 0640 /etc/apt/sources.list; chown root:adm /etc/apt/sources.list

echo "deb [signed-by=$keys/docker.asc] $url/debian/ trixie stable" > /etc/apt/sources.list.d/d.list

cat > /etc/apt/sources.list.d/mixed.sources <<END
# Debian, from where we always get it
Types: deb
URIs: $archive
Suites: trixie-backports
Components: main
Signed-By: $keys/debian-archive-keyring.gpg
# not the backports

Types: deb
URIs: $url/debian
 $mirror/debian
Suites: trixie
Components: stable
Signed-By:
$(sed 's/^$/./; s/^/ /' $keys/docker.asc)

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main

Enabled: no
Types: deb
URIs: $mirror/debian
Suites: trixie
Components: stable
END
cp -p --parents /etc/apt/sources.list /etc/apt/sources.list.d/* /root/
"""


@pytest.fixture(scope="module")
def mirror(lab: Lab) -> str:
    """The URL of a mirror of the package source, without "docker" in it."""
    return lab.services["repo_url"].replace("/linux", "/wrong-key/linux")


@pytest.fixture(scope="module")
def soiled(lab: Lab, mirror: str) -> str:
    """A host with the repository in three files and its key in two that apt trusts for all."""
    name: str = lab.debian13
    lab.reset(name)
    lab.root(name, f"set -- {lab.services['repo_url']} {mirror}\n{SOIL}")
    assert "Conflicting values set for option Signed-By" in lab.root(name, f"{UPDATE} || true")
    return name


@pytest.fixture(scope="module")
def shown(lab: Lab, soiled: str) -> Ran:
    """The plan, before anything is done."""
    return lab.deploy("--dry", limit=[soiled])


@pytest.fixture(scope="module")
def healed(lab: Lab, soiled: str, shown: Ran) -> str:
    """The host after a run."""
    ran = lab.deploy(limit=[soiled])
    assert ran.code == 0, ran.output
    return soiled


def test_the_plan_shows_what_goes(lab: Lab, shown: Ran, mirror: str) -> None:
    url = lab.services["repo_url"]
    for line in (
        f"/etc/apt/sources.list: defines Docker's repository too ({url}/debian) -> without it",
        f"{PARTS}/d.list: defines Docker's repository too ({url}/debian/) -> removed",
        f"{PARTS}/mixed.sources: defines Docker's repository too "
        f"({url}/debian, {mirror}/debian) -> without it",
        f"{TRUSTED}/docker.gpg: lets Docker's key sign for every repository -> removed",
    ):
        assert f"  repository  {line}\n" in shown.output, shown.output
    assert f"note: {TRUSTED}/mixed.gpg holds Docker's key beside others" in shown.output


def test_three_definitions_are_healed_to_one(lab: Lab, healed: str, mirror: str) -> None:
    asked = lab.root(healed, "apt-get update --print-uris")
    releases = [line for line in asked.split() if line.endswith("/InRelease'")]
    url = lab.services["repo_url"]
    assert [line for line in releases if "linux/debian" in line] == [
        f"'{url}/debian/dists/trixie/InRelease'"
    ]
    updated = lab.root(healed, UPDATE)
    assert not re.search("^[WE]:", updated, re.MULTILINE), updated


def test_what_is_not_docker_s_is_as_it_was(lab: Lab, healed: str) -> None:
    taken = lab.root(
        healed,
        "cd /root/etc/apt; diff --text sources.list /etc/apt/sources.list || true; "
        f"diff sources.list.d/mixed.sources {PARTS}/mixed.sources || true",
    )
    assert [line for line in taken.splitlines() if line.startswith(">")] == []
    gone = [line[2:] for line in taken.splitlines() if line.startswith("<")]
    assert sum(line.startswith("deb [arch=amd64") for line in gone) == 1
    assert sum(line.startswith("URIs: ") for line in gone) == 2
    assert not [line for line in gone if line.startswith("#") or "off.example" in line]
    mode = lab.root(healed, "stat -c '%U:%G %a' /etc/apt/sources.list").strip()
    assert mode == "root:adm 640"
    assert lab.root(healed, f"ls -A {PARTS}").split() == ["docker.sources", "mixed.sources"]
    assert lab.root(healed, f"ls -I 'debian-*' {TRUSTED}").split() == ["mixed.gpg"]


def test_the_files_as_they_were_are_kept(lab: Lab, healed: str) -> None:
    lab.root(
        healed,
        "mkdir /root/kept; tar -C /root/kept -xf /var/backups/rackwright/*.tar.gz; "
        "diff -r /root/etc/apt/sources.list.d /root/kept/etc/apt/sources.list.d; "
        "diff --text /root/etc/apt/sources.list /root/kept/etc/apt/sources.list; "
        "diff /usr/share/keyrings/old.gpg /root/kept/etc/apt/trusted.gpg.d/docker.gpg",
    )


def test_again_changes_nothing_with_one_command(lab: Lab, healed: str) -> None:
    counter.start(healed)
    again = lab.deploy(limit=[healed])
    assert counter.stop(healed) == 1
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
    archive = lab.root(healed, "sed -n 's/^deb \\(.*\\) trixie main$/\\1/p' /etc/apt/sources.list")
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
