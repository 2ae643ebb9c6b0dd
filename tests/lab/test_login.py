"""Registry logins on real hosts, and passwords that are seen nowhere."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import counter, hosts
from tests.lab.fleet import Lab, Ran

VARIABLE = "PRACTICE_REGISTRY_PASSWORD"
USERS = ["root", "alice"]
SPY = """\
#!/bin/sh
case $* in *login*)
    for process in /proc/[0-9]*; do
        tr '\\0' ' ' <$process/cmdline; echo
        tr '\\0' ' ' <$process/environ; echo
    done >>/var/tmp/seen 2>/dev/null ;;
esac
exec /usr/bin/docker "$@"
"""
# It stands at the login until somebody says so.
SLOW_LOGIN = """\
cat >/usr/local/bin/docker <<'EOF'
#!/bin/sh
case $* in *login*) until [ -e /var/tmp/go ]; do sleep 0.2; done ;; esac
exec /usr/bin/docker "$@"
EOF
chmod 755 /usr/local/bin/docker
"""


def registry(lab: Lab) -> str:
    """The registry that wants a password, as Docker names it."""
    return lab.services["private"].removeprefix("http://")


def login(lab: Lab, **changed: Any) -> dict[str, Any]:
    """A host's data with a login to that registry."""
    entry = {"username": lab.services["username"], "password_env": VARIABLE, "users": USERS}
    return {
        "docker_insecure_registries": [registry(lab)],
        "docker_registry_logins": {registry(lab): {**entry, **changed}},
    }


def run(lab: Lab, data: dict[str, Any], *flags: str) -> Ran:
    """deploy.py on two hosts, with this data."""
    names = (lab.dirty, lab.debian13)
    return lab.deploy(*(flags or ("-y",)), limit=names, data=dict.fromkeys(names, data))


def auths(lab: Lab, name: str, home: str) -> dict[str, str]:
    """Who is logged in where: user name by registry, from the config.json in that home."""
    path = f"{home}/.docker/config.json"
    config = json.loads(lab.root(name, f"test ! -e {path} || cat {path}") or "{}")
    return {
        where: base64.b64decode(entry["auth"]).decode().partition(":")[0]
        for where, entry in config.get("auths", {}).items()
    }


def forms(secret: str, username: str) -> list[str]:
    """The secret as it is, and as config.json and our probe would encode it."""
    plain = [secret, f"{username}:{secret}"]
    return [*plain, *(base64.b64encode(text.encode()).decode().rstrip("=") for text in plain)]


@pytest.fixture(scope="module")
def secret(lab: Lab) -> Iterator[str]:
    """The password, in the environment of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, lab.services["password"])
        yield lab.services["password"]


@pytest.fixture(scope="module")
def logged_in(lab: Lab, secret: str) -> Ran:
    """The first run with logins, with everything that pyinfra can say."""
    names = [lab.dirty, lab.debian13]
    lab.reset(*names)
    ran = lab.deploy(limit=names)
    assert ran.code == 0, ran.output
    lab.root(lab.debian13, f"cat > /usr/local/bin/docker <<'EOF'\n{SPY}EOF\n")
    for name in names:
        lab.root(
            name,
            "install -d -m 700 /root/.docker; echo '"
            '{"auths": {"admin.example": {"auth": "YWRtaW46aGlz"}}}'
            "' > /root/.docker/config.json",
        )
    lab.root(lab.debian13, "chmod 755 /usr/local/bin/docker")
    ran = run(lab, login(lab), "-y", "-vvv", "--debug")
    lab.root(lab.debian13, "rm /usr/local/bin/docker")
    assert ran.code == 0, ran.output
    return ran


@pytest.mark.parametrize("kind", ["dirty", "debian13"])
def test_the_users_can_pull_and_others_cannot(lab: Lab, logged_in: Ran, kind: str) -> None:
    name = getattr(lab, kind)
    image = f"{registry(lab)}/library/debian:13"
    pulled = lab.login(name, "alice", "docker", "pull", image)
    assert pulled.code == 0, pulled.output
    lab.root(name, f"docker image rm {image}; docker pull {image}")
    refused = lab.login(name, "admin", "docker", "pull", f"{registry(lab)}/library/ubuntu:24.04")
    assert refused.code != 0
    assert "no basic auth credentials" in refused.output or "unauthorized" in refused.output


def test_an_admin_s_own_login_stays(lab: Lab, logged_in: Ran) -> None:
    username = lab.services["username"]
    wanted = {"admin.example": "admin", registry(lab): username}
    assert auths(lab, lab.debian13, "/root") == wanted
    assert auths(lab, lab.debian13, "/home/alice") == {registry(lab): username}
    owner = lab.root(lab.debian13, "stat -c '%U %a' /home/alice/.docker/config.json")
    assert owner.split() == ["alice", "600"]


def test_the_password_is_printed_nowhere(lab: Lab, logged_in: Ran, secret: str) -> None:
    assert "docker login --username" in logged_in.output
    shown = [form for form in forms(secret, lab.services["username"]) if form in logged_in.output]
    assert shown == []


def test_the_password_is_in_no_process(lab: Lab, logged_in: Ran, secret: str) -> None:
    seen = lab.root(lab.debian13, "cat /var/tmp/seen")
    assert seen.count("docker login --username ci --password-stdin") >= len(USERS)
    assert [form for form in forms(secret, lab.services["username"]) if form in seen] == []


def test_the_password_is_only_in_docker_s_own_files(lab: Lab, logged_in: Ran, secret: str) -> None:
    for name in (lab.dirty, lab.debian13):
        patterns = " ".join(f"-e '{form}'" for form in forms(secret, lab.services["username"]))
        found = lab.root(
            name,
            f"grep -rlF {patterns} /etc /home /root /run /tmp /var/backups /var/lib/rackwright "
            f"/var/log /var/tmp 2>/dev/null || true; journalctl --no-pager | grep -F {patterns}"
            " || true",
        )
        assert sorted(found.split()) == [
            "/home/alice/.docker/config.json",
            "/root/.docker/config.json",
        ]
        mode = lab.root(name, "stat -c '%U %a' /var/lib/rackwright/logins.json")
        assert mode.split() == ["root", "600"]


def test_again_there_is_one_remote_command_and_no_login(lab: Lab, logged_in: Ran) -> None:
    counter.start(lab.debian13)
    ran = run(lab, login(lab))
    assert counter.stop(lab.debian13) == 1
    assert "2 hosts: 2 unchanged" in ran.output, ran.output


def test_a_login_that_somebody_took_away_comes_back(lab: Lab, logged_in: Ran) -> None:
    lab.root(lab.debian13, f"docker logout {registry(lab)}")
    ran = run(lab, login(lab), "--dry")
    sentence = f"logins      {registry(lab)} for root: not logged in -> logged in as ci"
    assert sentence in ran.output
    assert "because somebody logged out" in ran.output
    ran = run(lab, login(lab))
    assert ran.code == 0, ran.output
    assert registry(lab) in auths(lab, lab.debian13, "/root")


def test_a_wrong_password_fails_with_the_registry_s_words(
    lab: Lab, logged_in: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "not the one")
    plan = run(lab, login(lab), "--dry")
    assert "because the password is another one now" in plan.output
    ran = run(lab, login(lab))
    assert ran.code == 1
    assert "401 Unauthorized" in ran.output
    assert f"root cannot log in to {registry(lab)} as ci; the reason stands above" in ran.output
    assert f"the password that the environment variable {VARIABLE} gives" in ran.output
    assert "not the one" not in ran.output


@pytest.fixture
def new_password(lab: Lab) -> Iterator[str]:
    """Another password at the registry, until the test is over."""
    new = "a new one"
    for password in (new, lab.services["password"]):
        line = f"{lab.services['username']}:{{PLAIN}}{password}"
        script = f"echo '{line}' > /etc/nginx/passwords; systemctl reload nginx"
        hosts.execute("services", "sh", "-ec", script)
        if password == new:
            yield new


def test_a_new_password_from_a_command_reaches_every_host(
    lab: Lab, logged_in: Ran, new_password: str, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    command = tmp_path / "password"
    command.write_text(f"#!/bin/sh\necho called >> {calls}\necho '{new_password}'\n")
    command.chmod(0o700)
    data = login(lab, password_env=None, password_command=f"{command} show registry")
    ran = run(lab, data)
    assert "2 hosts: 2 changed" in ran.output, ran.output
    assert calls.read_text().split() == ["called"]
    for form in forms(new_password, lab.services["username"]):
        assert form not in ran.output
    again = run(lab, data)
    assert "2 hosts: 2 unchanged" in again.output, again.output


def test_passwords_that_are_missing_stop_all_before_the_first_change(
    lab: Lab, logged_in: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    before = {name: lab.fingerprint(name) for name in lab.all}
    command = "sh -c 'echo locked >&2; exit 2'"
    nothing = login(lab, password_env=None, password_command=command)
    ran = lab.deploy(data={lab.dirty: nothing, lab.debian13: login(lab)})
    assert ran.code == 1
    assert "no host was touched" in ran.output
    where = f"docker_registry_logins.{registry(lab)}: "
    assert f"{lab.debian13}: {where}the environment variable {VARIABLE} is not set" in ran.output
    assert f"{lab.dirty}: {where}`{command}` ended with exit code 2: locked" in ran.output
    assert "Starting operation" not in ran.output
    assert {name: lab.fingerprint(name) for name in lab.all} == before


def test_a_login_that_is_taken_out_of_the_inventory_ends(lab: Lab, logged_in: Ran) -> None:
    for users, left in ((["root"], [registry(lab), "admin.example"]), (None, ["admin.example"])):
        data = login(lab, users=users) if users else {}
        ran = run(lab, data)
        assert "2 hosts: 2 changed" in ran.output, ran.output
        assert sorted(auths(lab, lab.debian13, "/root")) == sorted(left)
        assert auths(lab, lab.debian13, "/home/alice") == {}
    assert "2 hosts: 2 unchanged" in run(lab, {}).output


def test_a_run_that_died_at_a_login_is_taken_up(lab: Lab, logged_in: Ran) -> None:
    data = login(lab, users=["root"])
    lab.root(lab.debian13, SLOW_LOGIN)
    try:
        lab.deploy_and_kill(lab.debian13, at=f"root is logged in to {registry(lab)}", data=data)
        memories = json.loads(lab.root(lab.debian13, "cat /var/lib/rackwright/logins.json"))
    finally:
        lab.root(lab.debian13, "touch /var/tmp/go")
        lab.settled(lab.debian13)
        lab.root(lab.debian13, "rm /usr/local/bin/docker /var/tmp/go")
    (memory,) = memories["logins"]
    assert (memory["registry"], memory["digest"]) == (registry(lab), "")
    ran = lab.deploy("--dry", limit=[lab.debian13], data={lab.debian13: data})
    assert "because an earlier run did not get to it" in ran.output
    gone = lab.deploy(limit=[lab.debian13])
    assert "1 host: 1 changed" in gone.output, gone.output
    assert list(auths(lab, lab.debian13, "/root")) == ["admin.example"]
