"""What runs in Docker, for the tests: made by hypothesis, and changed by a plan."""

import hashlib
from dataclasses import replace

from hypothesis import strategies as st

from rackwright.docker.docker_create import fingerprint
from rackwright.look.workload import (
    FoundContainer,
    FoundNetwork,
    FoundProject,
    FoundVolume,
    Workload,
)
from rackwright.marks import COMPOSE
from rackwright.plan import Plan
from rackwright.settings import Settings, parse_settings
from rackwright.settings.compose import RenderedProject
from rackwright.steps.networks import LABEL as NETWORK
from rackwright.steps.volumes import LABEL as VOLUME

DOCKERS = {
    name: FoundNetwork(name, driver)
    for name, driver in (("bridge", "bridge"), ("host", "host"), ("none", "null"))
}
NONE = Workload(answers=True, networks=DOCKERS)


def after_workload(settings: Settings, found: Workload, plan: Plan) -> Workload:
    """What runs when the plan is carried out, as the tasks promise it: a model, not a host."""
    containers, networks = dict(found.containers), dict(found.networks)
    volumes, projects = dict(found.volumes), dict(found.projects)
    for name, network in plan.networks.made if plan.networks else ():
        subnets = (network.subnet or "172.18.0.0/16",)
        labels = {**network.labels, NETWORK: name}
        networks[name] = FoundNetwork(name, network.driver, network.internal, subnets, labels)
    for name, volume in plan.volumes.made if plan.volumes else ():
        labels = {**volume.labels, VOLUME: name}
        volumes[name] = FoundVolume(name, volume.driver, volume.options, labels)
    for action in plan.containers.actions if plan.containers else ():
        name, wanted = action.name, action.container
        for gone in (f"{name}.rackwright-old", f"{name}.rackwright-new"):
            if action.act in ("make", "remove"):
                containers.pop(gone, None)
        if action.act == "remove":
            containers.pop(name, None)
        elif action.act == "make":
            state = "running" if wanted.state == "running" else "created"
            containers[name] = FoundContainer(
                *(name, state, "healthy" if wanted.healthcheck else ""),
                mounts=frozenset(each.partition(":")[0] for each in wanted.volumes),
                networks=frozenset(wanted.networks or ("bridge",)),
                ours=True,
                spec=fingerprint(wanted),
                secrets=action.secrets,
            )
        else:
            state = "exited" if action.act == "stop" else "running"
            containers[name] = replace(containers[name], state=state, health="")
    for each in plan.compose.actions if plan.compose else ():
        for name in [name for name, there in containers.items() if there.project == each.name]:
            del containers[name]
        projects.pop(each.name, None)
        if each.act == "up":
            one = f"{each.name}-one-1"
            file = f"{COMPOSE}/{each.name}/compose.yaml"
            containers[one] = FoundContainer(one, project=each.name, file=file)
            digest = hashlib.sha256(each.content.encode()).hexdigest()
            projects[each.name] = FoundProject(each.applied, digest, (one,))
    for name in plan.networks.removed if plan.networks else ():
        del networks[name]
    for name in plan.volumes.removed if plan.volumes else ():
        del volumes[name]
    return Workload(True, containers, networks, volumes, projects)


def rendered(settings: Settings, content: str) -> Settings:
    """Settings whose compose projects have this content."""
    projects = {
        name: RenderedProject(**project.model_dump(), content=content)
        for name, project in settings.docker_compose.items()
    }
    return settings.model_copy(update={"docker_compose": projects})


_names = st.sampled_from(["web", "db"])
_absent = st.just({"state": "absent"})
_secrets = st.dictionaries(
    st.just("PASSWORD"), st.builds(lambda env: {"env": env}, st.sampled_from(["OLD", "NEW"]))
)
_containers = st.one_of(
    _absent,
    st.fixed_dictionaries(
        {"image": st.sampled_from(["debian:12", "debian:13"])},
        optional={
            "state": st.sampled_from(["running", "stopped"]),
            "secrets": _secrets,
            "healthcheck": st.just({"command": "true"}),
        },
    ),
)
_networks = st.one_of(_absent, st.fixed_dictionaries({}, optional={"internal": st.booleans()}))
_volumes: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.just({"state": "absent", "delete": True}), st.just({})
)
_projects = st.one_of(
    _absent, st.fixed_dictionaries({"file": st.just("x")}, optional={"secrets": _secrets})
)
wanted_workloads = st.builds(
    rendered,
    st.fixed_dictionaries(
        {
            "docker_containers": st.dictionaries(_names, _containers),
            "docker_networks": st.dictionaries(st.sampled_from(["front", "back"]), _networks),
            "docker_volumes": st.dictionaries(st.just("data"), _volumes),
            "docker_compose": st.dictionaries(st.just("app"), _projects),
        }
    ).map(parse_settings),
    st.sampled_from(["services: {}\n", "services: {one: {}}\n"]),
)
_found_containers = st.builds(
    FoundContainer,
    name=st.sampled_from(["web", "db", "web.rackwright-old", "db.rackwright-new", "theirs"]),
    state=st.sampled_from(["running", "exited", "paused", "restarting", "created", "dead"]),
    health=st.sampled_from(["", "healthy", "unhealthy", "starting"]),
    mounts=st.frozensets(st.just("data")),
    networks=st.frozensets(st.sampled_from(["front", "back", "bridge"])),
    ours=st.booleans(),
    spec=st.just("x"),
    moved=st.booleans(),
)
found_workloads = st.builds(
    lambda containers, networks, volumes, projects: Workload(
        True,
        {each.name: each for each in containers},
        {**DOCKERS, **{each.name: each for each in networks}},
        {each.name: each for each in volumes},
        projects,
    ),
    st.lists(_found_containers, max_size=3),
    st.lists(
        st.builds(
            FoundNetwork,
            st.just("back"),
            internal=st.booleans(),
            labels=st.sampled_from([{}, {NETWORK: "back"}]),
        ),
        max_size=1,
    ),
    st.lists(st.builds(FoundVolume, st.just("data")), max_size=1),
    st.dictionaries(st.just("app"), st.just(FoundProject())),
)
