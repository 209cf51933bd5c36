"""The way into a cluster: machines that fit, machines that do not, and addresses where nobody is."""

import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from ray_nodes import add_node

import firth
from firth.cluster import probe
from firth.cluster.checks import Node, check, problems, remarks
from firth.cluster.connection import connect
from firth.errors import ClusterError, MissingExtraError, OptionError

OWN = probe.look(lambda: 1000.0)


def node(*, store_bytes: int = 1 << 30, skew_s: float = 0.0, **facts: object) -> Node:
    about = {**OWN, **facts}
    return Node(
        id="f00dfeedbeef",
        address="10.0.0.7",
        n_cpus=3,
        memory_bytes=1 << 33,
        store_bytes=store_bytes,
        facts=about,
        skew_s=skew_s,
    )


def with_version(package: str, version: str | None) -> dict[str, object]:
    return {"versions": {**OWN["versions"], package: version}}


def test_machines_that_are_alike_fit():
    assert list(problems(OWN, [node(), node(host="another")])) == []
    check(OWN, [node()])


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (with_version("firth", "0.0.9"), r"same firth: node 10.0.0.7 \(f00dfeed\) has 0.0.9, this process has"),
        (with_version("numpy", None), r"same numpy: .* has none, this process has .* pip install 'numpy=="),
        (with_version("polars", "0.1"), r"same polars: .* has 0.1"),
        ({"code": "0" * 64}, r"run the same code: .* has another Firth"),
        ({"python": "3.9.1"}, r"same minor version of Python: .* has 3.9.1"),
        ({"variant": "x86-64"}, r"calculate alike .* has the instruction set x86-64 "),
        ({"machine": "aarch64"}, r"calculate alike .* \(aarch64\)"),
        ({"variant": None, "why": "ImportError: no firth"}, r"cannot load it \(ImportError: no firth\). Install"),
        ({"store_bytes": 1 << 20}, r"object store of 64 MiB: .* has 1 MiB"),
    ],
)
def test_a_machine_that_differs_is_named_with_what_differs(other: dict[str, object], expected: str):
    (found,) = problems(OWN, [node(), node(**other)])
    with pytest.raises(ClusterError, match=expected):
        check(OWN, [node(**other)])
    assert "10.0.0.7" in found


def test_instruction_sets_that_round_alike_fit():
    v3, v4 = ({**OWN, "variant": variant} for variant in ("x86-64-v3", "x86-64-v4"))
    assert list(problems(v3, [node(**v4)])) == list(problems(v4, [node(**v3)])) == []


def test_another_patch_of_python_fits():
    major, minor, _ = OWN["python"].split(".")
    assert list(problems(OWN, [node(python=f"{major}.{minor}.99")])) == []


def test_a_cluster_without_cpus_is_refused():
    with pytest.raises(ClusterError, match="needs a machine with a CPU"):
        check(OWN, [])


def test_of_several_problems_one_is_told_and_the_others_counted():
    with pytest.raises(ClusterError, match=r"1 more: firth cluster status"):
        check(OWN, [node(**with_version("numpy", "1.0")), node(**with_version("firth", "0.0.9"))])


@pytest.mark.parametrize(
    ("skew_s", "expected"), [(0.0, []), (1.9, []), (-2.5, ["2.5 s behind"]), (60, ["60.0 s ahead"])]
)
def test_clocks_that_differ_are_told_and_do_not_matter(skew_s: float, expected: list[str]):
    found = list(remarks([node(skew_s=skew_s)]))
    assert len(found) == len(expected)
    assert all(part in line for part, line in zip(expected, found, strict=True))
    assert list(problems(OWN, [node(skew_s=skew_s)])) == []


@pytest.mark.usefixtures("ray_cluster")
def test_workers_take_machines_in_turn_and_pass_over_full_ones():
    with connect() as cluster:
        one, other = cluster.nodes
        wide = replace(cluster, nodes=(replace(one, n_cpus=3), other))
        assert [each.id for each in wide.places(4)] == [one.id, other.id, one.id, one.id]
        assert [each.id for each in wide.places(5)][4:] == [one.id]  # more workers than CPUs


def test_a_cluster_is_joined_and_left_as_it_was(ray_cluster: object):
    import ray

    with connect("auto", n_workers=1) as cluster:
        assert (len(cluster.nodes), cluster.n_cpus, cluster.n_workers, cluster.remarks) == (2, 2, 1, ())
        assert {each.facts["versions"]["firth"] for each in cluster.nodes} == {metadata.version("firth")}
    assert ray.is_initialized()
    with connect(ray_cluster.address) as cluster:
        assert cluster.n_workers == 2


@pytest.mark.usefixtures("ray_cluster")
def test_a_clock_that_is_wrong_is_told():
    with connect(clock=lambda: time.time() - 3600) as cluster:
        assert len(cluster.remarks) == 2
        assert all("s behind this machine's" in line for line in cluster.remarks)


def test_a_machine_with_another_firth_is_refused_by_its_name(ray_cluster: object, tmp_path: Path):
    shutil.copytree(Path(firth.__file__).parent, tmp_path / "firth")
    about = tmp_path / "firth-0.0.9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: firth\nVersion: 0.0.9\n", encoding="utf-8")
    added = add_node(ray_cluster, num_cpus=1, env_vars={"PYTHONPATH": str(tmp_path)})
    try:
        with pytest.raises(ClusterError, match=r"same firth: node .* has 0\.0\.9, this process has"):
            connect()
    finally:
        ray_cluster.remove_node(added)
    connect().close()


@pytest.mark.parametrize("address", ["", "ray://", "host", "local:", "http://host:1", "host:0", "host:65536", "a b:1"])
def test_an_address_of_another_form_is_refused(address: str):
    with pytest.raises(OptionError, match="a cluster is auto, local"):
        connect(address)


@pytest.mark.parametrize("n_workers", [0, -1, 1.5, True])
def test_workers_are_a_whole_number(n_workers: object):
    with pytest.raises(OptionError, match="n_workers must be a whole number"):
        connect(n_workers=n_workers)


@pytest.mark.usefixtures("ray_cluster")
def test_more_workers_than_cpus_are_refused():
    with pytest.raises(OptionError, match="at most the cluster's CPUs, 2, got 3"):
        connect(n_workers=3)


@pytest.mark.usefixtures("ray_cluster")
def test_a_connected_process_joins_no_other_cluster():
    with pytest.raises(ClusterError, match=r"connected already, not to 10\.0\.0\.1:1"):
        connect("10.0.0.1:1")


def _alone(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_where_nobody_listens_is_told_at_once(scheme: str):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listened to
        address = f"{scheme}127.0.0.1:{taken.getsockname()[1]}"
        script = f"from firth.cluster.connection import connect; connect({address!r})"
        done = _alone(script)
    assert f"nobody answers at {address}" in done.stderr.splitlines()[-1]


LOCAL = """
import os
from firth.cluster.connection import connect
with connect("local", n_workers=2) as cluster:
    assert (cluster.n_workers, len(cluster.nodes), cluster.remarks) == (2, 1, ())
    assert cluster.ray.get(cluster.ray.remote(lambda: 3).remote()) == 3
assert not cluster.ray.is_initialized()
assert "RAY_USAGE_STATS_ENABLED" not in os.environ
"""


def test_a_cluster_of_this_machine_lasts_as_long_as_its_context(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    done = _alone(LOCAL)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_named_cluster_that_is_gone_is_not_replaced_by_another():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        script = "import os; os.environ['RAY_ADDRESS'] = {!r}; import firth.cluster.connection as c; c.connect()"
        done = _alone(script.format(address))
    assert "nobody answers at" in done.stderr.splitlines()[-1]


def test_ray_is_an_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"the cluster needs Ray: pip install 'firth\[cluster\]'"):
        connect()
