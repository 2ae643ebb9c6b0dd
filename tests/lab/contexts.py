"""What the tests of builds build from: folders, tar files, and what the lab's services have."""

import os
import tarfile
from pathlib import Path

from lab import hosts

IGNORED = """\
# what stays at home
*.log
**/cache
secret
!secret/public.txt
docs/*
!docs/[a-c]*.md
"""
# Every form that the guide has of RUN, COPY and WORKDIR, and its way to mirrors of apt and pip.
DOCKERFILE = """\
ARG VERSION=12
FROM debian:$VERSION AS tools
ARG GREETING
RUN echo "$GREETING" > /greeting && \\
    # a comment in between
    mkdir -p /etc/apt && echo 'deb http://there.example/debian stable main' \\
        > /etc/apt/sources.list
RUN sed -i s@/there.example/@/mirror.example/@g /etc/apt/sources.list
RUN ["/bin/sh", "-c", "echo exec > /exec"]

FROM tools AS final
COPY pip.conf /etc/pip.conf
WORKDIR /work
WORKDIR app
COPY --chown=1000:1000 src/*.py run ./
COPY . /all
CMD ["find", "/all"]

FROM final AS never
RUN false
"""
FILES = {
    "Dockerfile": DOCKERFILE,
    ".dockerignore": IGNORED,
    "pip.conf": "[global]\nindex-url = http://pip.example/simple\n",
    "src/one.py": "1",
    "src/two.py": "2",
    "src/cache/x": "x",
    "run": "#!/bin/sh\n",
    "a.log": "log",
    "src/b.log": "stays",
    "secret/key": "key",
    "secret/public.txt": "public",
    "docs/a.md": "a",
    "docs/z.md": "z",
    "docs/a/deep.md": "deep",
}
SERVE = """\
mkdir -p /srv/builds/git /srv/builds/files
rm -rf /srv/work; git init -q -b main /srv/work; cd /srv/work; mkdir docker
printf 'FROM debian:12\\nCOPY what /what\\n' > docker/Dockerfile
echo {0} > docker/what
git add .
git -c user.name=lab -c user.email=lab@localhost commit -qm {0}
rm -rf /srv/builds/git/app.git
git clone -q --bare . /srv/builds/git/app.git
chown -R www-data /srv/builds/git
tar -C docker -czf /srv/builds/files/app.tar.gz .
"""


def folder(path: Path) -> Path:
    """A context with a .dockerignore."""
    for name, text in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    (path / "run").chmod(0o755)
    (path / "link").symlink_to("run")
    os.utime(path / "run", (1_000_000_000, 1_000_000_000))
    return path


def tar_file(path: Path, how: str) -> Path:
    """A tar file with a Dockerfile and a file, by "gz", "bz2" or "xz"."""
    source = path / f"in-{how}"
    source.mkdir()
    (source / "Dockerfile").write_text("FROM debian:12\nCOPY what /what\n")
    (source / "what").write_text(f"{how}\n")
    made = path / f"app.tar.{how}"
    with tarfile.open(made, f"w:{how}") as tar:  # type: ignore[call-overload]  # one of three
        tar.add(source, arcname=".")
    return made


def serve(what: str) -> None:
    """The services have a repository of git, and a tar file, with a file that says this."""
    hosts.execute("services", "sh", "-ec", SERVE.format(what))
