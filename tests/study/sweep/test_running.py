"""Sweeps played by Dask: the same table however they are played, whatever dies."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import mailsim
from mailsim.cli import main
from mailsim.study.cluster import ClusterError
from mailsim.study.sweep.cell import play
from mailsim.study.sweep.file import SweepError
from mailsim.study.sweep.plan import sweep_of
from tests.study.conftest import Cluster
from tests.study.sweep.conftest import SCENARIO

FIGURES = [
    "messages",
    "letters",
    "delivered",
    "unassigned",
    "answers",
    "misrouted",
    "events",
    "latency",
    "as_expected",
    "world_seconds",
]


def alone(path: Path) -> pd.DataFrame:
    """The table, played here one cell after the other."""
    return pd.DataFrame([play(cell, None) for cell in sweep_of(path)]).drop(columns="seconds")


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert_frame_equal(found.drop(columns="seconds"), expected, check_dtype=False)


def test_a_cluster_gives_the_table_that_playing_alone_gives(
    sweep_file: Path, cluster: Cluster, tmp_path: Path
) -> None:
    """Every cell of it; rewriting and not honouring Reply-To is what misroutes."""
    cluster.worker()
    found = mailsim.sweep(sweep_file, scheduler=cluster.address, out=tmp_path / "out")

    assert_same(found, alone(sweep_file))
    assert found.groupby("provider.sender_policy")["misrouted"].sum().to_dict() == {
        "accept": 0,
        "rewrite": 16,
    }
    assert (found["answers"] == 4).all()  # the news is for the action too, and no answer


def test_a_worker_that_is_killed_loses_nothing(write: Any, cluster: Cluster, tmp_path: Path) -> None:
    """Its cells are played by the other; the table is the same."""
    path = write("long.toml", 'scenarios = "scenario.toml"\nseeds = 20\n[grid]\n"workload.letters" = [20]')
    first, _ = cluster.worker(), cluster.worker()
    done = 0

    def kill_first(cells: int) -> None:
        nonlocal done
        done += cells
        if done == 10:
            os.kill(first.pid, signal.SIGKILL)

    found = mailsim.sweep(path, scheduler=cluster.address, out=tmp_path / "out", progress=kill_first)
    assert first.wait() == -signal.SIGKILL
    assert_same(found, alone(path))


def test_a_cell_that_ends_its_workers_is_told_and_those_of_its_task_are_played(
    write: Any, tmp_path: Path
) -> None:
    """Which of them it was is found out by playing each alone; it is played again when the sweep is."""
    path = write("deadly.toml", 'scenarios = "scenario.toml"\nseeds = 40')
    preload = write(
        "preload.py",
        "import os\nfrom mailsim.study.sweep import cell\nfrom mailsim.world.scenario import read_scenario as read\n"
        "cell.read_scenario = lambda tables: os._exit(1) if tables['seed'] == 20 else read(tables)\n",
    )
    with Cluster(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as cluster:
        for _ in range(3):
            cluster.worker("--preload", str(preload))
        found = mailsim.sweep(path, scheduler=cluster.address, out=tmp_path / "out")
        cluster.worker()
        again = mailsim.sweep(path, scheduler=cluster.address, out=tmp_path / "out")

    failed = found[found["error"] != ""]
    assert failed["seed"].tolist() == [20]
    assert failed["error"].iloc[0].startswith("WorkerDied: the worker ended while it played this cell")
    assert_same(again, alone(path))


def test_a_sweep_that_is_killed_goes_on_where_it_was(
    write: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What has a row is not played again: its row is the same to the microsecond."""
    path = write("long.toml", 'scenarios = "scenario.toml"\nseeds = 40\n[grid]\n"workload.letters" = [40]')
    out = tmp_path / "out"
    command = ["mailsim", "sweep", str(path), "--out", str(out), "--workers", "1"]
    process = subprocess.Popen(
        [Path(sys.executable).parent / command[0], *command[1:]], start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not list(out.glob("cells/part-*")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = pd.read_parquet(out / "cells").set_index("cell")["seconds"]
    assert 0 < len(before) < 40

    assert main(command[1:]) == 0

    assert f"40 cells, 0 failed, {len(before)} were there already." in capsys.readouterr().out
    assert main([*command[1:], "--json"]) == 0
    assert capsys.readouterr().out.count("\n") == 40
    after = pd.read_parquet(out / "cells")
    assert len(after) == after["cell"].nunique() == 40
    assert after.set_index("cell")["seconds"][before.index].equals(before)


def test_a_cell_that_fails_is_told_and_the_others_go_on(
    write: Any, cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its scenario is kept, fails alike, and holds no password."""
    path = write(
        "failing.toml",
        'scenarios = "scenario.toml"\ntrace = true\n[grid]\n"correspondent.delay" = ["1h", "soon"]',
    )
    cluster.worker()
    out = tmp_path / "out"
    (out / "failed").mkdir(parents=True)
    [failing] = (cell for cell in sweep_of(path) if "soon" in cell.axes.values())
    (out / "failed" / f"{failing.key}.toml").symlink_to(tmp_path / "elsewhere")
    assert main(["sweep", str(path), "--out", str(out), "--scheduler", cluster.address]) == 1

    told = capsys.readouterr().out
    assert "ScenarioError: correspondent[0].delay" in told
    assert "2 cells, 1 failed" in told
    [kept] = (out / "failed").iterdir()
    assert not (tmp_path / "elsewhere").exists()  # the link in its place was replaced, not followed
    assert "hidden treasure" not in kept.read_text("utf-8")
    assert main(["run", str(kept)]) == 2
    assert "correspondent[0].delay" in capsys.readouterr().err
    [trace] = (out / "traces").iterdir()
    assert mailsim.read_trace(trace).messages()["misrouted"].sum() == 0


def test_a_trace_that_is_asked_for_later_is_made(write: Any, cluster: Cluster, tmp_path: Path) -> None:
    """Only those that are not there, and not of cells that fail."""
    grid = 'scenarios = "scenario.toml"\n[grid]\n"correspondent.delay" = ["1h", "2h", "soon"]\n'
    cluster.worker()
    out = tmp_path / "out"
    before = mailsim.sweep(write("plain.toml", grid), scheduler=cluster.address, out=out)
    path = write("traced.toml", "trace = true\n" + grid)
    mailsim.sweep(path, scheduler=cluster.address, out=out)

    first, second = sorted((out / "traces").iterdir())
    assert {first.stem, second.stem} == set(before["cell"][:2])
    second.unlink()
    kept = first.stat().st_mtime_ns
    after = mailsim.sweep(path, scheduler=cluster.address, out=out)
    assert second.exists()
    assert first.stat().st_mtime_ns == kept
    assert_same(after, before.drop(columns="seconds"))
    assert after["seconds"].iloc[2] == before["seconds"].iloc[2]


def test_traces_without_a_folder_are_refused(write: Any) -> None:
    """Before anything is played."""
    path = write("traced.toml", 'scenarios = "scenario.toml"\ntrace = true')
    with pytest.raises(
        SweepError, match=r"^trace = true: traces are kept in a folder.*; give out=\.\.\., or"
    ):
        mailsim.sweep(path)


def test_what_loses_most_stands_on_top_and_what_was_not_expected_is_told_by_the_status(
    write: Any, cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of each combination, letters that were refused as well as answers that went astray: who takes none loses all."""
    (tmp_path / "expecting.toml").write_text(SCENARIO + "[expect]\nunassigned = 1\nfallback = 0\n")
    path = write(
        "refusing.toml",
        'scenarios = "expecting.toml"\n[grid]\n"provider.sender_policy" = ["accept", "reject"]\n'
        '"correspondent.replies_to" = ["from", "reply-to"]',
    )
    cluster.worker()
    out = tmp_path / "out"
    command = ["sweep", str(path), "--out", str(out), "--scheduler", cluster.address]

    assert main(command) == 1

    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["provider.sender_policy", "reject", "2", "8", "8", "0", "0", "-"] in told
    worst = told.index(
        [
            "provider.sender_policy",
            "correspondent.replies_to",
            "CELLS",
            "LETTERS",
            "REFUSED",
            "ANSWERS",
            "MISROUTED",
            "SHARE",
        ]
    )
    assert told[worst + 1] == ["reject", "from", "1", "4", "4", "0", "0", "-"]
    assert told[worst + 3] == ["accept", "from", "1", "4", "0", "4", "0", "0.0%"]
    rows = pd.read_parquet(out / "cells")
    taken = rows["provider.sender_policy"] == "accept"
    assert (rows["latency"][taken] > 60).all()  # the answers': letters are there at once
    assert rows["latency"][~taken].isna().all()


def test_what_is_no_scheduler_is_told_in_a_line(sweep_file: Path) -> None:
    """With what to write."""
    with pytest.raises(
        ClusterError,
        match=r"^nowhere: no Dask scheduler answers there: .*; write such as tcp://127\.0\.0\.1:8786$",
    ):
        mailsim.sweep(sweep_file, scheduler="nowhere")


def test_a_cluster_that_has_no_workers_or_ends_is_told_in_a_line(
    write: Any,
    cluster: Cluster,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With what to do, and nothing of Dask's own; what was played is not played again."""
    path = write("long.toml", 'scenarios = "scenario.toml"\nseeds = 300\n[grid]\n"workload.letters" = [20]')
    out = tmp_path / "out"
    monkeypatch.setattr("mailsim.study.cluster._PATIENCE", 3)
    assert main(["sweep", str(path), "--out", str(out), "--scheduler", cluster.address]) == 2
    assert capsys.readouterr().err == (
        f"mailsim: {cluster.address}: has no workers; start some, such as: dask worker {cluster.address}\n"
    )

    cluster.worker()
    with pytest.raises(ClusterError, match=r"its scheduler ended, or is out of reach; start one"):
        mailsim.sweep(path, scheduler=cluster.address, out=out, progress=lambda _: cluster.stop())
    assert capsys.readouterr().err == ""
    assert len(pd.read_parquet(out / "cells")) > 0


def test_a_machine_s_workers_and_a_cluster_are_not_both_meant(
    sweep_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, and nothing is done."""
    options = ["--out", str(tmp_path / "out"), "--workers", "2", "--scheduler", "tcp://127.0.0.1:8786"]
    assert main(["sweep", str(sweep_file), *options]) == 2
    assert "give one of them" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
