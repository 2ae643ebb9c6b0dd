"""Registry mirrors as a host finds them: which are alive, how fast, and which of them are stale."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rackwright.look.answer import between_marks
from rackwright.look.observed import ProbeError

# What every mirror of Docker Hub has, and what a host pulls in the end anyway. The tag moves: it
# is built anew several times a year.
REPOSITORY = "library/hello-world"
TAG = "latest"
SECONDS = 10  # for each mirror; a host asks all of them at once
_WANTED = {
    "manifest": f"the manifest of {REPOSITORY}:{TAG}",
    "token": f"a token for {REPOSITORY}",
    "blob": f"a blob of {REPOSITORY}",
}


@dataclass(frozen=True)
class Live:
    """A mirror that gave token, manifest and blob; `digest` is that of the manifest."""

    milliseconds: int
    digest: str


@dataclass(frozen=True)
class ProbedMirrors:
    """What one host found: an answer, or the reason for none, by mirror, in the order asked.

    `reference` is the digest that the tag has now; None when nobody could be asked.
    """

    answers: Mapping[str, Live | str]
    reference: str | None = None


@dataclass(frozen=True)
class Verdict:
    """The mirrors to use, the fastest first, and a sentence about each of the others."""

    chosen: tuple[str, ...]
    notes: tuple[str, ...]


def parse(lines: Iterable[str], mirrors: Iterable[str]) -> dict[str, Live | str]:
    """The answers that mirror_probe.sh printed, by mirror. Raises ProbeError."""
    words = [line.split(" ", 4) for line in between_marks(lines)]
    try:
        return {
            mirror: Live(int(fourth), fifth) if how == "live" else _reason(fourth, fifth)
            for mirror, (_, _, how, fourth, fifth) in zip(mirrors, words, strict=True)
        }
    except ValueError as error:
        raise ProbeError(f"the mirror probe's answer cannot be read: {error}") from error


def judge(probed: ProbedMirrors, cache: str | None = None, coming: bool = False) -> Verdict:
    """Which mirrors to use, and why not the others.

    The fleet's cache is first, however fast others are; while it is `coming`, it need not answer.

    Stale is one whose moving tag is not where the reference has it; without a reference, not where
    most of the other mirrors have it. Where neither says anything, none is called stale.
    """
    coming = coming and isinstance(probed.answers.get(cache or ""), str)
    answers = {url: found for url, found in probed.answers.items() if not (coming and url == cache)}
    alive = {url: found for url, found in answers.items() if isinstance(found, Live)}
    notes = [
        f"the mirror {url} is left out: {found}"
        for url, found in answers.items()
        if isinstance(found, str)
    ]
    digests = Counter(found.digest for found in alive.values())
    newest = probed.reference or _majority(digests)
    if newest is None and len(digests) > 1:
        notes.append(
            f"the mirrors do not agree on {REPOSITORY}:{TAG}, and docker_mirror_reference did not "
            "answer: a stale one may be among them"
        )
    stale = [url for url, found in alive.items() if newest not in (None, found.digest)]
    whose = "docker_mirror_reference" if probed.reference else "most mirrors"
    notes += [
        f"the mirror {url} is left out: it is stale, its {REPOSITORY}:{TAG} is not that of {whose}"
        for url in stale
    ]
    chosen = sorted(
        alive.keys() - set(stale), key=lambda url: (url != cache, alive[url].milliseconds)
    )
    if coming and cache:
        chosen = [cache, *chosen]
    if not chosen:
        notes.append("no mirror can be used: the host pulls from Docker Hub itself")
    return Verdict(tuple(chosen), tuple(notes))


def _majority(digests: Counter[str]) -> str | None:
    (digest, count) = next(iter(digests.most_common(1)), ("", 0))
    return digest if count * 2 > digests.total() else None


def _reason(wanted: str, said: str) -> str:
    if said == "timeout":
        return f"it hangs, {_WANTED[wanted]} did not come within {SECONDS} s"
    if said.startswith("HTTP "):
        return f"it answers {said} to whoever asks for {_WANTED[wanted]}"
    return f"it is out of reach ({said})"
