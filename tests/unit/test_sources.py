"""Mirrors of the distribution's archive: which sources they take the place of, and the way back."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.host.error import RefusedError
from rackwright.look.apt_trial import parse
from rackwright.look.leftovers import Leftovers
from rackwright.look.observed import Observed, ProbeError
from rackwright.look.sources_seen import Release, SourcesSeen, Trial, Tried
from rackwright.packages.mirror_choice import candidates
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.purge import purge_plan
from rackwright.settings import Settings, SettingsError, parse_settings
from rackwright.steps.purge import Words
from tests.unit.states import BARE, OLD_LIST

LIST = "/etc/apt/sources.list"
DEBIAN = "/etc/apt/sources.list.d/debian.sources"
UBUNTU = "/etc/apt/sources.list.d/ubuntu.sources"
OTHER = "/etc/apt/sources.list.d/other.list"
MIRROR, SECURITY = "https://m.example/debian", "https://m.example/debian-security"
WANTED = Settings(apt_mirror=MIRROR)
NOW, THEN = datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
FINE = Trial(main=Tried(), security=Tried(), in_use=(Release("bookworm", "Debian", NOW),))

LEFT = Leftovers()

DEBIAN_STANZAS = """\
# What the installer wrote
Types: deb deb-src
URIs: http://ftp.debian.org/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.debian.org/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
UBUNTU_STANZAS = """\
Types: deb
URIs: http://de.archive.ubuntu.com/ubuntu/
Suites: noble noble-updates noble-backports
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
URIs: http://security.ubuntu.com/ubuntu/
Suites: noble-security
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
"""
# Lines of the distribution's own, as hosts of Debian 12 have them.
OWN = [
    "deb http://ftp.debian.org/debian bookworm main\n",
    "deb [arch=amd64,i386] http://ftp.de.debian.org/debian/ bookworm-updates main contrib # near\n",
    "deb-src http://ftp.debian.org/debian bookworm main\r\n",
    "deb http://security.debian.org/ bookworm-security main\n",
    '\tdeb "http://ftp.debian.org/debian" stable-backports main\n',
    "deb http://mirror.lan/pub/debian bookworm main non-free\n",
    "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
    "http://cache.lan:3142/ftp.debian.org/debian bookworm main\n",
    f"deb {MIRROR} bookworm contrib\n",
]
# Lines that look like them.
FOREIGN = [
    "# deb http://ftp.debian.org/debian bookworm main\n",
    "deb cdrom:[Debian 12]/ bookworm main\n",
    "deb https://download.example/linux/debian bookworm stable\n",
    "deb http://apt.example/debian bookworm-pgdg main\n",
    "deb [signed-by=/etc/apt/keyrings/x.gpg] https://pkgs.example/debian bookworm main\n",
    "deb https://a.example/b/c/debian bookworm main\n",
    "deb http://snapshot.debian.org/archive/debian/20260101T000000Z bookworm main\n",
    "deb http://ftp.debian.org/debian-debug bookworm-debug main\n",
    "deb http://apt.example/ ./\n",
    "deb https://broken.example\udcff\n",
    "not for apt\n",
    "\n",
]


def host(texts: Mapping[str, str], distro: str = "debian", codename: str = "bookworm") -> Observed:
    """A host with these source files."""
    release = "24.04" if distro == "ubuntu" else "12"
    return replace(
        BARE, distro=distro, release=release, codename=codename, sources=SourcesSeen(apt=texts)
    )


def tried(observed: Observed, trial: Trial) -> Observed:
    """The host, its apt having found this of the mirrors."""
    return replace(observed, sources=replace(observed.sources, trial=trial))


def after(observed: Observed, made: Plan) -> Observed:
    """The host that the plan leads to, as tasks/sources.py promises it: a model, not a host."""
    step, before = made.sources, observed.sources
    if step is None:
        return replace(observed, sources=replace(before, trial=None))
    kept = {**before.kept, **{path: before.apt[path] for path in step.keeps}}
    apt = {**before.apt, **step.files}
    memory = step.memory
    return replace(observed, sources=SourcesSeen(apt, memory, kept if memory is not None else {}))


def switched(observed: Observed, settings: Settings = WANTED, trial: Trial = FINE) -> Observed:
    """The host after a run that put the mirror in."""
    return after(observed, plan(settings, tried(observed, trial)))


def text(observed: Observed, path: str = LIST) -> str:
    """A source file of a host."""
    return observed.sources.apt[path]


def test_debian_in_both_forms() -> None:
    there = switched(host({LIST: "".join(OWN), DEBIAN: DEBIAN_STANZAS}))
    assert text(there) == (
        f"deb {MIRROR} bookworm main\n"
        f"deb [arch=amd64,i386] {MIRROR} bookworm-updates main contrib # near\n"
        f"deb-src {MIRROR} bookworm main\r\n"
        f"deb {SECURITY} bookworm-security main\n"
        f'\tdeb "{MIRROR}" stable-backports main\n'
        f"deb {MIRROR} bookworm main non-free\n"
        f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {MIRROR} bookworm main\n"
        f"deb {MIRROR} bookworm contrib\n"
    )
    assert text(there, DEBIAN) == DEBIAN_STANZAS.replace(
        "http://ftp.debian.org/debian/", MIRROR
    ).replace("http://security.debian.org/debian-security", SECURITY)


def test_ubuntu_has_security_updates_in_the_same_tree() -> None:
    mirror = "http://m.example/pub/ubuntu"
    there = switched(host({UBUNTU: UBUNTU_STANZAS}, "ubuntu", "noble"), Settings(apt_mirror=mirror))
    assert text(there, UBUNTU) == UBUNTU_STANZAS.replace(
        "http://de.archive.ubuntu.com/ubuntu/", mirror
    ).replace("http://security.ubuntu.com/ubuntu/", mirror)


def test_a_cloud_image_s_list_of_mirrors_and_several_uris_become_one() -> None:
    stanza = (
        "Types: deb\nURIs: {uris}\nSuites: bookworm\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp\n"
    )
    listed = stanza.format(uris="mirror+file:/etc/apt/mirrors/debian.list")
    two = stanza.format(uris="http://ftp.debian.org/debian\n http://ftp.debian.org/debian")
    there = switched(host({DEBIAN: f"{listed}\n{two}"}))
    assert text(there, DEBIAN) == "\n".join([stanza.format(uris=MIRROR)] * 2)


@pytest.mark.parametrize("line", FOREIGN)
@pytest.mark.parametrize("path", [LIST, OTHER])
def test_what_is_not_surely_the_distribution_s_stays(path: str, line: str) -> None:
    there = switched(host({path: line, DEBIAN: DEBIAN_STANZAS}))
    assert text(there, path) == line
    assert MIRROR in text(there, DEBIAN)


@pytest.mark.parametrize(
    ("uri", "suite"),
    [
        ("https://ppa.launchpadcontent.net/deadsnakes/ppa/ubuntu", "noble"),
        ("http://ddebs.ubuntu.com", "noble"),
        ("https://esm.ubuntu.com/apps/ubuntu", "noble-apps-security"),
        ("https://apt.example/stable/ubuntu", "noble"),
    ],
)
def test_ubuntu_s_foreign_sources_stay(uri: str, suite: str) -> None:
    stanza = f"Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: main\nSigned-By: /x.gpg\n"
    texts = {"/etc/apt/sources.list.d/x.sources": stanza, UBUNTU: f"{UBUNTU_STANZAS}\n{stanza}"}
    there = switched(host(texts, "ubuntu", "noble"), Settings(apt_mirror="http://m.example/ubuntu"))
    assert text(there, "/etc/apt/sources.list.d/x.sources") == stanza
    assert text(there, UBUNTU).endswith(stanza)


def test_a_stanza_that_is_turned_off_or_has_no_suite_stays() -> None:
    off = DEBIAN_STANZAS.replace("Types: deb\n", "Enabled: no\nTypes: deb\n")
    off += "\nTypes: deb\nURIs: http://ftp.debian.org/debian\n"
    there = switched(host({DEBIAN: off}))
    assert text(there, DEBIAN) == off.replace("http://ftp.debian.org/debian/", MIRROR)


def test_a_mirror_in_a_file_of_the_admin_s_stays() -> None:
    assert text(switched(host({OTHER: OWN[5], LIST: OWN[0]})), OTHER) == OWN[5]


_texts = st.fixed_dictionaries(
    {},
    optional={
        LIST: st.lists(st.sampled_from(OWN + FOREIGN)).map("".join),
        OTHER: st.lists(st.sampled_from(OWN + FOREIGN)).map("".join),
        DEBIAN: st.lists(
            st.sampled_from([DEBIAN_STANZAS, DEBIAN_STANZAS.split("\n\n")[1], "# only this\n"])
        ).map("\n".join),
    },
)
_trials = st.sampled_from([FINE, replace(FINE, security=Tried("404"))])
_mirrors = st.lists(
    st.builds(
        Settings,
        apt_mirror=st.sampled_from(
            [MIRROR, "http://other.example/x", "http://ftp.debian.org/debian"]
        ),
        apt_security_mirror=st.sampled_from([None, "http://s.example/s"]),
    ),
    min_size=1,
    max_size=3,
)


@given(_texts, _mirrors, _trials)
def test_the_way_back_is_byte_for_byte(
    texts: dict[str, str], wanted: list[Settings], trial: Trial
) -> None:
    there = host(texts)
    for settings in wanted:
        trial = replace(trial, security=Tried()) if settings.apt_security_mirror else trial
        there = switched(there, settings, trial)
        assert not candidates(settings, there)
        assert plan(settings, there).sources is None
    back = after(there, plan(Settings(), there))
    assert back.sources == SourcesSeen(apt=texts)
    assert plan(Settings(), back).sources is None


@given(_texts)
def test_of_a_file_that_was_edited_since_only_uris_turn_back(texts: dict[str, str]) -> None:
    there = switched(host(texts))
    edited = {path: f"# mine\n\n{each}" for path, each in there.sources.apt.items()}
    there = replace(there, sources=replace(there.sources, apt=edited))
    back = after(there, plan(Settings(), there))
    for path, each in back.sources.apt.items():
        assert each.count(MIRROR) == texts[path].count(MIRROR)
        assert each.startswith("# mine\n\n")
        assert len(each.splitlines()) == len(edited[path].splitlines())


def test_sources_in_another_form_than_before_turn_back_too() -> None:
    there = switched(host({LIST: "".join(OWN[:1]) + OWN[3]}))
    modern = DEBIAN_STANZAS.replace("http://ftp.debian.org/debian/", MIRROR).replace(
        "http://security.debian.org/debian-security", SECURITY
    )
    there = replace(there, sources=replace(there.sources, apt={DEBIAN: modern}))
    back = after(there, plan(Settings(), there))
    assert text(back, DEBIAN) == DEBIAN_STANZAS.replace("debian/\n", "debian\n").replace(
        "security.debian.org/debian-security", "security.debian.org/"
    )


def test_a_mirror_of_the_admin_s_beside_ours_outlives_ours() -> None:
    there = switched(host({OTHER: OWN[-1] + OWN[0]}))
    other = Settings(apt_mirror="http://other.example/x")
    there = switched(there, other)
    assert text(there, OTHER) == f"{OWN[-1]}deb http://other.example/x bookworm main\n"
    assert not candidates(other, there)


def test_an_edited_file_gets_its_own_uris_back() -> None:
    before = {LIST: OWN[0], OTHER: OWN[0].replace("deb.debian", "ftp.debian")}
    there = switched(host(before))
    edited = {path: f"# mine\n{each}" for path, each in there.sources.apt.items()}
    there = replace(there, sources=replace(there.sources, apt=edited))
    back = after(there, plan(Settings(), there))
    assert back.sources.apt == {path: f"# mine\n{each}" for path, each in before.items()}


def test_of_several_uris_a_line_gets_the_first_back() -> None:
    two = DEBIAN_STANZAS.replace("debian/\n", "debian/ http://ftp.debian.org/debian\n")
    there = switched(host({DEBIAN: two}))
    line = f"deb {MIRROR} bookworm main\n"
    there = replace(there, sources=replace(there.sources, apt={OTHER: line}))
    back = after(there, plan(Settings(), there))
    assert text(back, OTHER) == "deb http://ftp.debian.org/debian/ bookworm main\n"


def test_a_file_that_the_distribution_wrote_anew_is_kept_anew() -> None:
    there = switched(host({DEBIAN: DEBIAN_STANZAS}))
    anew = f"# of a new release\n{DEBIAN_STANZAS}"
    there = switched(replace(there, sources=replace(there.sources, apt={DEBIAN: anew})))
    assert text(after(there, plan(Settings(), there)), DEBIAN) == anew


def test_the_mirror_is_tried_out_by_parts_and_only_with_what_is_to_come_from_it() -> None:
    parts = candidates(WANTED, host({LIST: "".join([OWN[0], FOREIGN[2], OWN[3]])}))
    assert parts == {
        "main": {"0.list": f"deb {MIRROR} bookworm main\n"},
        "security": {"0.list": f"deb {SECURITY} bookworm-security main\n"},
        "in-use": {"0.list": OWN[0] + OWN[3]},
    }
    assert candidates(Settings(), host({LIST: OWN[0]})) == {}
    assert candidates(WANTED, host({LIST: FOREIGN[2]})) == {}
    assert candidates(WANTED, host({}, "fedora", "")) == {}


def test_a_dead_mirror_is_refused() -> None:
    dead = replace(FINE, main=Tried("Failed to fetch http://x  403  Forbidden"))
    with pytest.raises(RefusedError, match=f"apt_mirror {MIRROR}: it cannot .* 403 .* nothing was"):
        plan(WANTED, tried(host({LIST: OWN[0]}), dead))


def older(security: bool = False) -> Trial:
    """A mirror that is three weeks behind."""
    suite = "bookworm-security" if security else "bookworm"
    behind = Tried(releases=(Release(suite, "Debian", THEN),))
    in_use = (Release(suite, "Debian", THEN), Release(suite, "Debian", NOW))
    return replace(FINE, in_use=in_use, **({"security": behind} if security else {"main": behind}))


def test_an_older_mirror_is_refused_with_both_dates() -> None:
    observed = tried(host({LIST: OWN[0]}), older())
    with pytest.raises(RefusedError, match=r"of 2026-11-02 00:00 UTC, .* of 2026-11-24 08:00 UTC"):
        plan(WANTED, observed)
    assert plan(Settings(apt_mirror=MIRROR, apt_mirror_max_lag=600), observed).sources


@pytest.mark.parametrize(
    "other", [Release("bookworm-updates", "Debian", NOW), Release("bookworm", "Other", NOW)]
)
def test_ages_are_compared_within_a_suite_of_one_origin(other: Release) -> None:
    assert plan(WANTED, tried(host({LIST: OWN[0]}), replace(older(), in_use=(other,)))).sources


@pytest.mark.parametrize("trial", [replace(FINE, security=Tried("404")), older(security=True)])
def test_security_updates_stay_where_the_mirror_has_none_or_old_ones(trial: Trial) -> None:
    observed = tried(host({DEBIAN: DEBIAN_STANZAS}), trial)
    made = plan(WANTED, observed)
    there = after(observed, made)
    assert "http://security.debian.org/debian-security" in text(there, DEBIAN)
    assert MIRROR in text(there, DEBIAN)
    (note,) = made.notes
    assert note.startswith(f"security updates come from where they did: {SECURITY}: it ")
    assert plan(WANTED, there).notes == made.notes
    named = Settings(apt_mirror=MIRROR, apt_security_mirror=SECURITY)
    with pytest.raises(RefusedError, match=f"apt_security_mirror {SECURITY}: it"):
        plan(named, observed)


def test_a_host_without_a_source_of_the_distribution_is_told_so() -> None:
    made = plan(WANTED, host({LIST: FOREIGN[2]}))
    assert made.sources is None
    assert made.notes[0].startswith("apt_mirror takes no source's place")


def test_docker_s_repository_in_the_same_file_goes_and_the_mirror_stays() -> None:
    docker = OLD_LIST.format(url="https://download.docker.com/linux")
    observed = tried(
        replace(host({LIST: OWN[0] + docker}), apt_sources={LIST: OWN[0] + docker}), FINE
    )
    made = plan(WANTED, observed)
    assert made.repository
    assert made.repository.others == {LIST: f"deb {MIRROR} bookworm main\n"}
    assert made.replaced_files == (LIST,)


def test_a_purge_takes_the_mirror_out() -> None:
    there = switched(host({LIST: OWN[0]}))
    made = purge_plan(WANTED, there, LEFT, Words())
    assert text(after(there, made)) == OWN[0]
    both = text(there) + OLD_LIST.format(url="https://download.docker.com/linux")
    apt = replace(there.sources, apt={LIST: both})
    made = purge_plan(WANTED, replace(there, sources=apt, apt_sources={LIST: both}), LEFT, Words())
    assert made.purge
    assert made.purge.sources == {LIST: OWN[0]}


def test_passwords_in_uris_are_not_shown() -> None:
    line = "deb http://me:secret@ftp.debian.org/debian bookworm main\n"
    made = plan(WANTED, tried(host({LIST: line}), FINE))
    assert [change.before for change in made.changes[:1]] == ["http://***@ftp.debian.org/debian"]
    assert made.sources
    assert "secret" not in json.dumps(made.sources.memory)


def test_the_answer_of_the_trial() -> None:
    said = [
        "@@rackwright-begin",
        "tried main",
        "release main trixie 1793952944 Debian",
        "tried security",
        "failed security Failed to fetch http://x  404  Not Found",
        "release in-use trixie 1793952944 Debian",
        "@@rackwright-end",
    ]
    release = Release("trixie", "Debian", datetime(2026, 11, 6, 8, 15, 44, tzinfo=UTC))
    assert parse(said) == Trial(
        Tried("", (release,)), Tried("Failed to fetch http://x  404  Not Found"), (release,)
    )
    with pytest.raises(ProbeError):
        parse(said[:3])
    with pytest.raises(ProbeError):
        parse([said[0], "release main trixie soon Debian", said[-1]])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"apt_mirror": "ftp://x/debian"}, "apt_mirror: write a URL"),
        ({"apt_mirror": "http://me:secret@x/debian"}, "apt_mirror: a URL here has no user"),
        ({"apt_mirror": "http://x/debian\nX: y"}, "apt_mirror: a URL here has only"),
        ({"apt_security_mirror": "http://x/s"}, "apt_security_mirror: set apt_mirror too"),
        ({"apt_mirror_max_lag": -1}, "apt_mirror_max_lag: "),
        ({"apt_mirrors": "http://x/"}, "no such setting; the nearest is apt_mirror"),
        ({"pip_index_url": "https://me:secret@x/simple"}, "pip_index_url: a URL here has no user"),
        ({"pip_trusted_host": "http://x"}, "pip_trusted_host: write HOST"),
        ({"pip_index": "https://x/simple"}, "no such setting; the nearest is pip_index_url"),
    ],
)
def test_wrong_settings(data: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse_settings(data)
    assert said in str(error.value)
    assert "secret" not in str(error.value)
