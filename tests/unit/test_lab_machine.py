"""How hosts are run follows from what the machine can do."""

from lab.machine import CAPABILITIES, Machine, run_options

ALL = (1 << 41) - 1
NO_SYS_RESOURCE = ALL & ~(1 << 24)


def test_capabilities_stand_in_the_kernels_order() -> None:
    known = {"CHOWN": 0, "NET_ADMIN": 12, "SYS_ADMIN": 21, "SYS_RESOURCE": 24, "AUDIT_READ": 37}
    assert {name: CAPABILITIES.index(name) for name in known} == known


def test_a_full_machine_with_cgroup_v2_runs_privileged() -> None:
    options = run_options(Machine(ALL, 40, cgroup_v2=True))
    assert "--privileged" in options
    assert "--cgroupns=private" in options


def test_a_machine_without_sys_resource_drops_it_by_name() -> None:
    options = run_options(Machine(NO_SYS_RESOURCE, 40, cgroup_v2=False))
    assert "--privileged" not in options
    assert [o for o in options if o.startswith("--cap-drop")] == ["--cap-drop=SYS_RESOURCE"]


def test_cgroup_v1_is_read_only_and_allowed_for_systemd() -> None:
    options = run_options(Machine(ALL, 40, cgroup_v2=False))
    assert "--volume=/sys/fs/cgroup:/sys/fs/cgroup:ro" in options
    assert "--env=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1" in options


def test_capabilities_that_the_kernel_does_not_have_are_not_dropped() -> None:
    options = run_options(Machine((1 << 37) - 1, 36, cgroup_v2=False))
    assert not [o for o in options if o.startswith("--cap-drop")]
