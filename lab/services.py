"""The container that serves packages and images, good ones and bad ones, on the lab's network."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.request import ProxyHandler, build_opener

from jinja2 import Environment, StrictUndefined

from lab import archive, containers, images, network, packages, registry, wheels
from lab.containers import Container
from lab.engine import docker
from lab.gpu import repository
from lab.paths import FILES, WRONG_KEY
from lab.shell import wait_for
from lab.tar import File

NAME = "services"
PORTS = {
    **{"mirror": 5000, "stale": 5001, "forbidden": 5002, "hanging": 5003, "dead": 5004},
    **{"slow": 5005, "token": 5006, "https": 5007, "private": 5008},
    **{"archive": 8090, "old_archive": 8091, "builds": 8092, "index": 8093, "pushes": 5010},
}
NVIDIA_PORT = 8081
# The login of the private registry.
USERNAME, PASSWORD = "ci", "correct horse battery"
PASSWORDS = "/etc/nginx/passwords"
LOG = "/var/log/nginx/access.log"


def image() -> str:
    """The image of the services container, with its configuration."""
    units = ("registry@.service", "hanging.socket", "hanging.service", "certificate.service")
    files = {f"etc/systemd/system/{unit}": File((FILES / unit).read_bytes()) for unit in units}
    files["etc/nginx/nginx.conf"] = File((FILES / "nginx.conf").read_bytes())
    files[PASSWORDS.lstrip("/")] = File(f"{USERNAME}:{{PLAIN}}{PASSWORD}\n".encode())
    template = Environment(undefined=StrictUndefined).from_string(
        (FILES / "registry.yml.j2").read_text()
    )
    for name, port in (("mirror", 5050), ("stale", 5051), ("pushes", 5052)):
        text = template.render(name=name, port=port, readonly=name != "pushes")
        files[f"etc/docker/registry/{name}.yml"] = File(text.encode())
    return images.services(files | wheels.index())


def container(address: str) -> Container:
    """The services container; makes package source, registry content and image if need be."""
    with ThreadPoolExecutor() as pool:
        makers = (packages.source, registry.content, archive.source, repository.source)
        parts = [pool.submit(make) for make in makers]
        made_image = image()
        source, content, suites, nvidia = (part.result() for part in parts)
    return Container(
        NAME,
        made_image,
        address,
        (
            f"--volume={source}:/srv/packages:ro",
            f"--volume={content}:/srv/registry:ro",
            f"--volume={suites}:/srv/archive:ro",
            f"--volume={nvidia}:/srv/nvidia:ro",
        ),
    )


def describe(address: str) -> dict[str, str]:
    """The services of lab.json."""
    at = {name: f"http://{address}:{port}" for name, port in PORTS.items()}
    at["https"] = f"https://{address}:{PORTS['https']}"
    return {
        "container": containers.full_name(NAME),
        **at,
        "repo_url": repo_url(address),
        "wrong_key_repo_url": f"http://{address}:8080/wrong-key/linux",
        **describe_nvidia(address),
        "access_log": LOG,
        "username": USERNAME,
        "password": PASSWORD,
    }


def describe_nvidia(address: str) -> dict[str, str]:
    """The simulated package sources of NVIDIA, with their keys and with another one."""
    keys = repository.fingerprints()
    made = {}
    for name, path in {"cuda": repository.CUDA, "toolkit": "libnvidia-container"}.items():
        made[f"{name}_repo_url"] = f"http://{address}:{NVIDIA_PORT}/{path}"
        made[f"wrong_key_{name}_repo_url"] = f"http://{address}:{NVIDIA_PORT}/wrong-key/{path}"
        made[f"{name}_key_fingerprint"] = keys[name]
    return made


def nvidia_url(subnet: str) -> str:
    """Where the simulated package sources of GPU hosts are."""
    return f"http://{network.address(subnet, network.SERVICES)}:{NVIDIA_PORT}"


def repo_url(address: str) -> str:
    return f"http://{address}:8080/linux"


def fingerprint() -> str:
    """The fingerprint of the key that signed the package source."""
    return (packages.source() / "fingerprint").read_text().strip()


def write_wrong_key() -> None:
    WRONG_KEY.write_text((packages.source() / "wrong-key.asc").read_text())


def requests(address: str, port: int, containing: str = "") -> list[str]:
    """The lines of the access log that came from that address to that port of the services."""
    lines = docker("exec", containers.full_name(NAME), "cat", LOG).splitlines()
    matches = partial(is_request, address=address, port=port, containing=containing)
    return list(filter(matches, lines))


def is_request(line: str, address: str, port: int, containing: str = "") -> bool:
    """Whether a line of the access log is about that client and port, and holds that text."""
    _, to, client, *_ = line.split()
    return (to, client) == (str(port), address) and containing in line


def settle(address: str) -> None:
    """Wait until package source and registries answer."""
    urls = [f"{repo_url(address)}/debian/gpg"]
    urls += [f"http://{address}:{PORTS[name]}/v2/" for name in ("mirror", "stale")]
    for url in urls:
        wait_for(f"{url} answers", partial(responds, url), 60)


def responds(url: str) -> bool:
    """Whether a GET of the URL succeeds. Proxies are left out: the lab is on this machine."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def forget_requests() -> None:
    """Begin the access log anew."""
    docker("exec", containers.full_name(NAME), "truncate", "--size=0", LOG)
