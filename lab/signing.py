"""OpenPGP keys and signatures, each in a GnuPG folder of its own."""

from pathlib import Path

from lab.shell import LabError, run


def gpg(home: Path, *args: str | Path) -> str:
    """Call GnuPG in that folder, without questions; leave no agent behind."""
    command = ("gpg", "--homedir", home, "--batch", "--yes", "--passphrase", "", *args)
    try:
        return run(*command)
    except LabError as error:
        if "can't connect to the agent" not in str(error):
            raise
        # It met the agent of the call before, which was about to end.
        return run(*command)
    finally:
        run("gpgconf", "--homedir", home, "--kill", "all")


def new_key(home: Path, owner: str) -> tuple[str, str]:
    """Make a signing key in a new folder; return its fingerprint and its armored public half."""
    home.mkdir(mode=0o700)
    gpg(home, "--quick-generate-key", owner, "rsa3072", "sign", "never")
    listed = gpg(home, "--with-colons", "--list-keys")
    fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line[:3] == "fpr")
    return fingerprint, gpg(home, "--armor", "--export")


def sign(home: Path, release: Path) -> None:
    """Write InRelease and Release.gpg beside a Release file."""
    gpg(home, "--clearsign", "--output", release.with_name("InRelease"), release)
    gpg(home, "--armor", "--detach-sign", "--output", release.with_name("Release.gpg"), release)
