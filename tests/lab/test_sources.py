"""Mirrors of the distribution's archive and of pip's index: there, refused, and the way back."""

import pytest

from lab import counter, services
from tests.lab.fleet import Lab, Ran

SOURCES = "/etc/apt/sources.list /etc/apt/sources.list.d/debian.sources"
UPDATE = "LC_ALL=C apt-get update -q -o APT::Update::Error-Mode=any 2>&1"
# One-line and deb822 form on one host; a source of the admin's and bytes that are not UTF-8.
SOIL = r"""
mkdir -p /srv/foreign; : > /srv/foreign/Packages
cat > /etc/apt/sources.list.d/debian.sources <<'END'
# Security updates, as the installer wrote them
Types: deb
URIs: http://security.debian.org/debian-security/
Suites: trixie-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
sed -i /security/d /etc/apt/sources.list
printf '# from M\374nchen\ndeb [trusted=yes] file:/srv/foreign ./ # ours\n' >> /etc/apt/sources.list
chmod 0640 /etc/apt/sources.list; chown root:adm /etc/apt/sources.list
printf '# ours\n[global]\ntimeout = 60\n' > /etc/pip.conf
printf 'index_url = https://me:secret@old.example/simple' >> /etc/pip.conf
chmod 0644 /etc/pip.conf
cp -a --parents /etc/apt/sources.list /etc/apt/sources.list.d /etc/pip.conf /root/
"""
AS_IT_WAS = (
    "cd /root; for file in etc/apt/sources.list etc/apt/sources.list.d/debian.sources etc/pip.conf;"
    " do cmp $file /$file; test $(stat -c %U%G%a $file) = $(stat -c %U%G%a /$file); done"
)
# Ubuntu 24.04's own file; its archive is simulated (lab/archive.py).
UBUNTU = r"""
echo "$1 archive.ubuntu.com security.ubuntu.com" >> /etc/hosts
cat > /etc/apt/sources.list.d/ubuntu.sources <<'END'
Types: deb
URIs: http://archive.ubuntu.com/ubuntu/
Suites: noble noble-updates
Components: main
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
URIs: http://security.ubuntu.com/ubuntu/
Suites: noble-security
Components: main
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
END
curl -fsS "http://$1:8090/keyring.asc" | gpg --dearmor > /usr/share/keyrings/simulated.gpg
GNUPGHOME=$(mktemp -d); export GNUPGHOME
gpg --batch --quiet --passphrase '' --quick-gen-key other@example.org
gpg --export other@example.org > /usr/share/keyrings/ubuntu-archive-keyring.gpg
cp -a /etc/apt/sources.list.d/ubuntu.sources /root/
"""


def deploy(lab: Lab, name: str, **settings: object) -> Ran:
    """Run deploy.py on one host with these settings besides the lab's."""
    return lab.deploy(limit=[name], data={name: settings})


@pytest.fixture(scope="module")
def wanted(lab: Lab) -> dict[str, str]:
    """Settings for a Debian host."""
    return {
        "apt_mirror": f"{lab.services['archive']}/debian",
        "pip_index_url": "http://pip.example:3141/simple",
        "pip_trusted_host": "pip.example:3141",
    }


@pytest.fixture(scope="module")
def host(lab: Lab) -> str:
    """A Debian host whose sources and pip.conf an admin has edited, otherwise bare."""
    name: str = lab.debian13
    lab.reset(name)
    lab.root(name, SOIL)
    return name


@pytest.fixture(scope="module")
def switched(lab: Lab, host: str, wanted: dict[str, str]) -> Ran:
    """The run that puts the mirrors in."""
    ran = deploy(lab, host, **wanted)
    assert ran.code == 0, ran.output
    return ran


def test_a_bare_host_gets_its_packages_from_the_mirror(
    lab: Lab, host: str, switched: Ran, wanted: dict[str, str]
) -> None:
    mirror, address = wanted["apt_mirror"], lab.data(host)["ssh_hostname"]
    asked = lab.root(host, "apt-get update --print-uris")
    uris = [line.split("'")[1] for line in asked.splitlines() if "_InRelease" in line]
    assert sorted(uri for uri in uris if "/linux/" not in uri and "file:" not in uri) == [
        f"{mirror}-security/dists/trixie-security/InRelease",
        f"{mirror}/dists/trixie-updates/InRelease",
        f"{mirror}/dists/trixie/InRelease",
    ]
    before = len(services.requests(address, 8090))
    lab.root(host, f"{UPDATE}; cd /tmp; apt-get download -q -o APT::Sandbox::User=root hello")
    came = services.requests(address, 8090)[before:]
    assert any("/debian/dists/trixie/InRelease" in line for line in came), came
    assert any("/debian-security/dists/trixie-security/InRelease" in line for line in came), came
    assert any("/debian/pool/main/h/hello/" in line for line in came), came


def test_only_uris_are_changed(lab: Lab, host: str, switched: Ran, wanted: dict[str, str]) -> None:
    mirror = wanted["apt_mirror"]
    lab.root(
        host,
        f"cd /root/etc/apt; for file in sources.list sources.list.d/debian.sources; do "
        f"sed 's|^deb http://[^/]*/debian |deb {mirror} |; "
        f"s|http://security.debian.org/debian-security/|{mirror}-security|' $file | "
        "cmp - /etc/apt/$file; done",
    )
    assert lab.root(host, "stat -c %U:%G:%a /etc/apt/sources.list") == "root:adm:640\n"
    assert lab.root(host, "cat /etc/pip.conf") == (
        "# ours\n[global]\ntimeout = 60\nindex-url = http://pip.example:3141/simple\n"
        "trusted-host = pip.example:3141\n"
    )
    assert "secret" not in switched.output
    assert "secret" not in lab.root(host, "cat /var/lib/rackwright/*.json")


def test_again_changes_nothing_with_one_command(
    lab: Lab, host: str, switched: Ran, wanted: dict[str, str]
) -> None:
    counter.start(host)
    again = deploy(lab, host, **wanted)
    assert counter.stop(host) == 1
    assert "1 host: 1 unchanged" in again.output, again.output


@pytest.mark.parametrize(
    ("service", "reason"),
    [("dead", "Could not connect"), ("forbidden", "403  Forbidden"), ("hanging", "no answer")],
)
def test_a_dead_mirror_is_refused_and_nothing_is_changed(
    lab: Lab, host: str, switched: Ran, service: str, reason: str
) -> None:
    before = lab.fingerprint(host)
    mirror = f"{lab.services[service]}/debian"
    refused = deploy(lab, host, apt_mirror=mirror)
    assert refused.code != 0
    assert f"apt_mirror {mirror}: it cannot be used from this host: " in refused.output
    assert reason in refused.output
    assert "1 host: 1 failed" in refused.output
    assert lab.fingerprint(host) == before


def test_the_way_back_is_byte_for_byte(lab: Lab, host: str, switched: Ran) -> None:
    ran = deploy(lab, host)
    assert "1 host: 1 changed" in ran.output, ran.output
    lab.root(host, AS_IT_WAS)
    assert lab.root(host, "ls /var/lib/rackwright/kept/etc || true") == ""
    again = deploy(lab, host)
    assert "1 host: 1 unchanged" in again.output, again.output


def test_a_run_that_dies_before_the_switch_is_taken_up(
    lab: Lab, host: str, switched: Ran, wanted: dict[str, str]
) -> None:
    lab.deploy_and_kill(host, "sources.list has its new text", data=wanted)
    readable = "runuser -u bob -- grep -rls '^deb ' /tmp /var/lib/rackwright || true"
    assert lab.root(host, readable) == "", "sources may hold logins, and this file is root's alone"
    ran = deploy(lab, host, **wanted)
    assert "1 host: 1 changed" in ran.output, ran.output
    lab.root(host, UPDATE)
    assert wanted["apt_mirror"] in lab.root(host, f"cat {SOURCES}")


def test_a_mirror_without_security_updates_leaves_them_where_they_were(
    lab: Lab, host: str, switched: Ran
) -> None:
    mirror = f"{lab.services['old_archive']}/debian"
    ran = deploy(lab, host, apt_mirror=mirror)
    assert ran.code == 0, ran.output
    assert f"note: security updates come from where they did: {mirror}-security: it" in ran.output
    text = lab.root(host, f"cat {SOURCES}")
    assert f"deb {mirror} trixie main" in text
    assert "URIs: http://security.debian.org/debian-security/\n" in text
    counter.start(host)
    again = deploy(lab, host, apt_mirror=mirror)
    assert counter.stop(host) == 1
    assert "1 host: 1 unchanged" in again.output, again.output


def test_what_the_admin_added_meanwhile_stays_on_the_way_back(lab: Lab, host: str) -> None:
    mirror = f"{lab.services['old_archive']}/debian"
    assert deploy(lab, host, apt_mirror=mirror).code == 0
    line = f"deb {mirror} trixie-backports main # mine"
    lab.root(host, f"echo '{line}' | tee -a /etc/apt/sources.list /root/etc/apt/sources.list")
    ran = deploy(lab, host)
    assert "1 host: 1 changed" in ran.output, ran.output
    kept = "/root/etc/apt/sources.list"
    own = lab.root(host, f"sed -n 's|^deb \\(http://[^/]*/debian\\) .*|\\1|p' {kept}").split()[0]
    lab.root(host, f"sed -i 's|{mirror}|{own}|' {kept}")
    lab.root(host, AS_IT_WAS)


def test_a_purge_takes_the_mirrors_out(lab: Lab, host: str, wanted: dict[str, str]) -> None:
    assert deploy(lab, host, **wanted).code == 0
    path = lab.inventory({host: wanted})
    ran = lab.pyinfra("-y", str(path), "tasks.purge.purge", "--limit", host)
    assert "1 host: 1 changed" in ran.output, ran.output
    lab.root(host, f"{AS_IT_WAS}; test ! -e /var/lib/rackwright")


@pytest.fixture(scope="module")
def ubuntu(lab: Lab) -> str:
    """A host identified as Ubuntu, with Ubuntu's sources, whose archive is simulated."""
    name: str = lab.ubuntu
    lab.reset(name)
    address = lab.services["archive"].split("/")[2].partition(":")[0]
    lab.root(name, f"set -- {address}\n{UBUNTU}")
    return name


def test_a_mirror_that_the_host_s_keyring_did_not_sign_is_refused(lab: Lab, ubuntu: str) -> None:
    before = lab.fingerprint(ubuntu)
    refused = deploy(lab, ubuntu, apt_mirror=f"{lab.services['archive']}/ubuntu")
    assert refused.code != 0
    assert "is not signed" in refused.output, refused.output
    assert lab.fingerprint(ubuntu) == before
    lab.root(ubuntu, "cd /usr/share/keyrings; mv simulated.gpg ubuntu-archive-keyring.gpg")


def test_a_mirror_older_than_what_is_in_use_is_refused(lab: Lab, ubuntu: str) -> None:
    mirror = f"{lab.services['old_archive']}/ubuntu"
    before = lab.fingerprint(ubuntu)
    refused = deploy(lab, ubuntu, apt_mirror=mirror)
    assert refused.code != 0
    releases = [
        f"{url}/dists/noble-updates/Release" for url in (mirror, "http://archive.ubuntu.com/ubuntu")
    ]
    date = "date -ud \"$(curl -fsS {} | sed -n 's/^Date: //p')\" '+%F %R UTC'"
    dates = [lab.root(ubuntu, date.format(url)).strip() for url in releases]
    said = (
        f"apt_mirror {mirror}: it is older than what is in use: its Release of noble-updates is of "
        f"{dates[0]}, the one in use of {dates[1]}"
    )
    assert said in refused.output, refused.output
    assert dates[0] < dates[1]
    assert lab.fingerprint(ubuntu) == before
    allowed = lab.deploy(
        "--dry", limit=[ubuntu], data={ubuntu: {"apt_mirror": mirror, "apt_mirror_max_lag": 9999}}
    )
    assert "sources" in allowed.output and allowed.code == 0, allowed.output


def test_ubuntu_s_sources_go_there_and_back(lab: Lab, ubuntu: str) -> None:
    mirror = f"{lab.services['archive']}/ubuntu"
    ran = deploy(lab, ubuntu, apt_mirror=mirror)
    assert ran.code == 0, ran.output
    text = lab.root(ubuntu, "cat /etc/apt/sources.list.d/ubuntu.sources")
    assert [line for line in text.splitlines() if "URIs" in line] == [f"URIs: {mirror}"] * 2
    assert "mirror" not in lab.root(ubuntu, "grep -v ^# /etc/apt/sources.list")
    shown = lab.root(ubuntu, f"{UPDATE}; apt-cache policy rackwright-lab")
    assert f"{mirror} noble-security/main" in shown, shown
    back = deploy(lab, ubuntu)
    assert "1 host: 1 changed" in back.output, back.output
    lab.root(ubuntu, "cmp /root/ubuntu.sources /etc/apt/sources.list.d/ubuntu.sources")
