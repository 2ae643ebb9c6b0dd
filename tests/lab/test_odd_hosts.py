"""Hosts as they are found: half a Docker, a broken dpkg, loud logins, other locales and shells."""

from collections.abc import Iterator

import pytest

from tests.lab.fleet import Lab

NOISE = "echo 'Welcome! 12 updates can be applied.'; echo 'Last backup: never' >&2"


@pytest.fixture(scope="module")
def ready(lab: Lab) -> None:
    """A converged host (`debian13`)."""
    lab.reset(lab.debian13)
    ran = lab.deploy(limit=[lab.debian13])
    assert ran.code == 0, ran.output


@pytest.fixture
def shell_of_admin(lab: Lab, ready: None) -> Iterator[None]:
    """Gives admin the usual login shell back after the test."""
    yield
    lab.root(lab.debian13, "usermod -s /bin/bash admin; rm -f /etc/ssh/sshrc")


@pytest.mark.parametrize("shell", ["fish", "tcsh", "zsh"])
def test_another_login_shell(lab: Lab, shell_of_admin: None, shell: str) -> None:
    install = f"apt-get update -q && apt-get install -qy --no-install-recommends {shell}"
    lab.root(
        lab.debian13, f"command -v {shell} || ({install}); usermod -s $(command -v {shell}) admin"
    )
    ran = lab.deploy(limit=[lab.debian13])
    assert "1 host: 1 unchanged" in ran.output, ran.output


def test_a_bare_host_with_another_login_shell(lab: Lab) -> None:
    lab.reset(lab.debian13)
    lab.root(
        lab.debian13,
        "apt-get update -q && apt-get install -qy --no-install-recommends fish; "
        "usermod -s /usr/bin/fish admin",
    )
    ran = lab.deploy(limit=[lab.debian13])
    assert "1 host: 1 changed" in ran.output, ran.output


def test_a_noisy_login(lab: Lab, shell_of_admin: None) -> None:
    lab.root(lab.debian13, f"cat > /etc/ssh/sshrc <<'EOF'\n{NOISE}\nEOF\n")
    assert "Welcome!" in lab.login(lab.debian13, "admin", "true").output
    ran = lab.deploy(limit=[lab.debian13])
    assert "1 host: 1 unchanged" in ran.output, ran.output
    before = lab.fingerprint(lab.debian13)
    debug = {lab.debian13: {"docker_daemon": {"debug": True}}}
    for ran in (
        lab.deploy(limit=[lab.debian13], data=debug),
        lab.pyinfra(str(lab.inventory({})), "tasks.purge.purge", "--limit", lab.debian13, "-y"),
    ):
        assert "the login prints 'Welcome! 12 updates can be applied.'" in ran.output, ran.output
        assert ran.code == 1
    assert lab.fingerprint(lab.debian13) == before


def test_another_language(lab: Lab, ready: None) -> None:
    lab.root(
        lab.debian13,
        "apt-get install -qy --no-install-recommends locales >/dev/null; "
        "echo 'de_DE.UTF-8 UTF-8' > /etc/locale.gen; locale-gen >/dev/null; "
        "echo LANG=de_DE.UTF-8 | tee /etc/default/locale > /etc/environment",
    )
    said = lab.login(lab.debian13, "admin", "ls", "/nonexistent").output
    assert "Datei oder Verzeichnis nicht gefunden" in said
    ran = lab.deploy(limit=[lab.debian13])
    assert "1 host: 1 unchanged" in ran.output, ran.output
    ran = lab.deploy(limit=[lab.debian13], data={lab.debian13: {"docker_daemon": {"debug": True}}})
    assert "1 host: 1 changed" in ran.output, ran.output


def test_half_a_docker(lab: Lab) -> None:
    lab.reset(lab.ubuntu)
    url = lab.services["repo_url"]
    lab.root(
        lab.ubuntu,
        f"echo 'deb [trusted=yes] {url}/ubuntu noble stable' > /etc/apt/sources.list.d/x.list; "
        "apt-get update -q; apt-get install -qy docker-ce-cli containerd.io",
    )
    ran = lab.deploy(limit=[lab.ubuntu])
    assert "1 host: 1 changed" in ran.output, ran.output
    assert not lab.inspect(lab.ubuntu).file("/etc/apt/sources.list.d/x.list").exists


def test_a_broken_dpkg(lab: Lab) -> None:
    lab.reset(lab.ubuntu)
    lab.root(
        lab.ubuntu,
        "apt-get update -q; cd /tmp; apt-get download -q less; dpkg --unpack less_*.deb; "
        "dpkg-query -W -f '${db:Status-Abbrev}' less | grep -q iU",
    )
    plan = lab.deploy("--dry", limit=[lab.ubuntu])
    assert "repair      dpkg: interrupted: less -> completed" in plan.output
    ran = lab.deploy(limit=[lab.ubuntu])
    assert "1 host: 1 changed" in ran.output, ran.output
    assert lab.inspect(lab.ubuntu).package("less").is_installed


# Waits for a package that is unpacked and not yet configured, and cuts dpkg down at that moment.
CUT_DOWN = """\
until dpkg-query -W -f '${db:Status-Abbrev}\n' docker-ce 2>/dev/null | grep -q '^i[UF]'; do :; done
kill -KILL $(pidof apt-get dpkg)
"""


def test_a_dpkg_that_was_killed_in_mid_install(lab: Lab) -> None:
    lab.reset(lab.ubuntu)
    lab.root(lab.ubuntu, f"cat > /tmp/cut.sh <<'EOF'\n{CUT_DOWN}EOF\nsystemd-run -q sh /tmp/cut.sh")
    ran = lab.deploy(limit=[lab.ubuntu])
    assert ran.code == 1
    assert "docker-ce" in lab.root(lab.ubuntu, "dpkg --audit")
    plan = lab.deploy("--dry", limit=[lab.ubuntu])
    assert "repair      dpkg: interrupted" in plan.output
    ran = lab.deploy(limit=[lab.ubuntu])
    assert "1 host: 1 changed" in ran.output, ran.output
    assert lab.root(lab.ubuntu, "dpkg --audit") == ""


def test_a_run_that_was_killed_is_taken_up_again(lab: Lab) -> None:
    lab.reset(lab.ubuntu)
    killed = lab.deploy_and_kill(lab.ubuntu, at="Docker's packages are installed")
    assert "hosts:" not in killed
    lab.root(lab.ubuntu, "while pgrep -x apt-get; do sleep 0.2; done >/dev/null")
    ran = lab.deploy(limit=[lab.ubuntu])
    assert "1 host: 1 changed" in ran.output, ran.output
    again = lab.deploy(limit=[lab.ubuntu])
    assert "1 host: 1 unchanged" in again.output, again.output


# An empty package of the admin's, NAME, that DEPENDS on others.
PACKAGE = """\
mkdir -p /tmp/$1/DEBIAN
printf '%s\\n' "Package: $1" "Depends: $2" 'Version: 1' 'Architecture: all' 'Maintainer: x' \
    'Description: x' > /tmp/$1/DEBIAN/control
dpkg-deb --build /tmp/$1 /tmp/$1.deb && dpkg -i /tmp/$1.deb
"""


def test_a_package_that_would_go_along_is_named_and_nothing_is_touched(lab: Lab) -> None:
    lab.reset(lab.dirty)
    lab.root(lab.dirty, f"set -- site-tool docker.io; {PACKAGE}")
    before = lab.fingerprint(lab.dirty)
    refused = lab.deploy(limit=[lab.dirty])
    assert "apt would remove site-tool together with containerd, docker.io, runc" in refused.output
    assert "1 host: 1 failed" in refused.output, refused.output
    assert lab.fingerprint(lab.dirty) == before
    lab.root(lab.dirty, "apt-get remove -qy site-tool")
    ran = lab.deploy(limit=[lab.dirty])
    assert "1 host: 1 changed" in ran.output, ran.output
    # Nothing of Docker's is taken off under those who came to depend on it, either.
    lab.root(lab.dirty, f"set -- corp-agent docker-ce; {PACKAGE}")
    before = lab.fingerprint(lab.dirty)
    words = ("tasks.purge.purge", "stop_containers=true", "--limit", lab.dirty)
    refused = lab.pyinfra("-y", str(lab.inventory({})), *words)
    assert "apt would remove corp-agent together with Docker's packages" in refused.output
    assert lab.fingerprint(lab.dirty) == before


def test_a_root_login_on_a_host_without_sudo(lab: Lab) -> None:
    lab.reset(lab.ubuntu)
    lab.root(
        lab.ubuntu,
        "install -d -m 700 /root/.ssh; cp /home/admin/.ssh/authorized_keys /root/.ssh/; "
        "chown root: /root/.ssh/authorized_keys; SUDO_FORCE_REMOVE=yes apt-get purge -qy sudo",
    )
    data = {"ssh_user": "root", "docker_users": ["alice"]}
    ran = lab.deploy(limit=[lab.ubuntu], data={lab.ubuntu: data})
    assert "1 host: 1 changed" in ran.output, ran.output
    again = lab.deploy(limit=[lab.ubuntu], data={lab.ubuntu: data})
    assert "1 host: 1 unchanged" in again.output, again.output


def test_a_repository_that_does_not_answer_leaves_key_and_definition(lab: Lab, ready: None) -> None:
    old = "/etc/apt/keyrings/docker.asc /etc/apt/sources.list.d/docker.sources"
    # Another key beside the wanted one is a reason to replace the file.
    dead = "/etc/apt/apt.conf.d/99dead"
    lab.root(
        lab.debian13,
        f"echo 'Acquire::http::Proxy \"http://127.0.0.1:9\";' > {dead}; "
        "cp /etc/apt/keyrings/docker.asc /root/; export GNUPGHOME=$(mktemp -d); "
        "gpg --batch --quiet --passphrase '' --quick-gen-key other@example.org; "
        "gpg --armor --export other@example.org >> /etc/apt/keyrings/docker.asc",
    )
    before = lab.root(lab.debian13, f"sha256sum {old}")
    ran = lab.deploy(limit=[lab.debian13])
    assert "this host cannot use Docker's repository" in ran.output, ran.output
    assert lab.root(lab.debian13, f"sha256sum {old}; rm {dead}") == before
    ran = lab.deploy(limit=[lab.debian13])
    assert "1 host: 1 changed" in ran.output, ran.output
    lab.root(lab.debian13, "cmp /root/docker.asc /etc/apt/keyrings/docker.asc; apt-get update -q")
    assert "trial" not in lab.root(lab.debian13, "ls /var/lib/rackwright; cat " + old)


def test_a_harmless_package_in_the_way_does_not_hold_back_a_restart(lab: Lab, ready: None) -> None:
    lab.root(lab.debian13, "apt-get install -qy --no-install-recommends docker-doc")
    data = {"docker_daemon": {"log-driver": "local"}}
    ran = lab.deploy(limit=[lab.debian13], data={lab.debian13: data})
    assert "1 host: 1 changed" in ran.output, ran.output
    assert lab.inspect(lab.debian13).check_output("docker info -f '{{.LoggingDriver}}'") == "local"
    assert not lab.inspect(lab.debian13).package("docker-doc").is_installed
