"""compose.yaml and the Dockerfile name what is really there; `python -m scripts.image` shows that the image works."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from graphmem import Settings
from graphmem.api.app import create_app
from graphmem.cli.main import app
from scripts import neo4j_local
from scripts.dockerfile import Image, NotRun, read_steps, sent

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "compose.yaml"
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
OURS = ("api", "worker")
PORTS = {"api": "--port", "worker": "--metrics-port"}
STEPS = read_steps((ROOT / "Dockerfile").read_text(encoding="utf-8"))


def texts(word: str) -> list[str]:
    return [s.text for s in STEPS if s.word == word]


def command(word: str) -> list[str]:
    (step,) = [s for s in STEPS if s.word == word]
    return step.json()


def megabytes(size: str) -> int:
    return int(size[:-1]) * {"m": 1, "g": 1024}[size[-1]]


def test_compose_yaml_is_as_the_specification_wants_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_each_variable_of_ours_is_a_setting() -> None:
    settings = (ROOT / "graphmem" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'"((?:GRAPHMEM|NEO4J|OPENAI)_\w+)"', settings))
    in_the_image = set(re.findall(r"((?:GRAPHMEM|NEO4J|OPENAI)_\w+)=", " ".join(texts("ENV"))))

    assert in_the_image == {"GRAPHMEM_HOME"}
    assert in_the_image < read
    for name in OURS:
        assert set(SERVICES[name]["environment"]) < read, name


@pytest.mark.parametrize("service", OURS)
def test_what_a_container_runs_is_a_command_of_graphmem(service: str) -> None:
    assert command("ENTRYPOINT") == ["graphmem"]

    done = CliRunner().invoke(app, [*SERVICES[service]["command"], "--help"])

    assert done.exit_code == 0, done.output


def test_the_health_check_asks_a_route_of_the_api_on_its_port(tmp_path: Path) -> None:
    asked = " ".join(command("HEALTHCHECK"))
    routes = create_app(Settings(home=tmp_path)).openapi()["paths"]

    (route,) = re.findall(r"'GET', '(.+?)'", asked)
    (port,) = re.findall(r"'127\.0\.0\.1', (\d+)", asked)

    assert "get" in routes[route]
    assert command("CMD") == ["serve", "--port", port]
    assert SERVICES["api"]["command"] == ["serve", "--port", port, "--no-worker"]
    assert SERVICES["api"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert "healthcheck" not in SERVICES["api"]
    assert SERVICES["worker"]["healthcheck"] == {"disable": True}


def test_prometheus_reads_the_api_and_each_worker_on_their_ports() -> None:
    folder = ROOT / "docs" / "service"
    told = yaml.safe_load((folder / "prometheus.yaml").read_text(encoding="utf-8"))
    (job,) = told["scrape_configs"]
    read = {name: str(one["port"]) for one in job["dns_sd_configs"] for name in one["names"]}
    ran = {name: SERVICES[name]["command"] for name in OURS}

    assert read == {name: ran[name][ran[name].index(option) + 1] for name, option in PORTS.items()}
    assert all((folder / name).exists() for name in told["rule_files"])


def test_ours_run_without_rights_and_publish_nothing_to_others() -> None:
    (user,) = texts("USER")

    assert int(user.partition(":")[0]) > 0
    for service in map(SERVICES.__getitem__, OURS):
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["pids_limit"]
        assert not {"expose", "user", "privileged", "cap_add", "network_mode"} & set(service)
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        assert service["depends_on"] == {"neo4j": {"condition": "service_healthy"}}


def test_neo4j_is_one_that_is_tested_and_only_this_machine_reaches_it() -> None:
    neo4j = SERVICES["neo4j"]
    image, version = neo4j["image"].removesuffix("-community").split(":")
    sizes = {k.rpartition("memory_")[2]: megabytes(v) for k, v in neo4j["environment"].items() if "_memory_" in k}

    assert image == "neo4j"
    assert version in neo4j_local.RELEASES
    assert all(port.startswith("127.0.0.1:") for port in neo4j["ports"])
    assert neo4j["environment"]["NEO4J_AUTH"].startswith("neo4j/${NEO4J_PASSWORD:?")
    assert sizes["heap_initial__size"] == sizes["heap_max__size"]
    # The rest is for the JVM itself, the indexes' files and the health check.
    assert megabytes(neo4j["mem_limit"]) - sizes["heap_max__size"] - sizes["pagecache_size"] >= 1024


def test_images_are_pinned_and_ours_bears_the_packages_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bases = {text.partition(" AS ")[0] for text in texts("FROM")}
    least = project["requires-python"].removeprefix(">=")

    assert bases == {f"python:{least}-slim-bookworm"}
    assert {SERVICES[name]["image"] for name in OURS} == {f"graphmem:{project['version']}"}
    assert {SERVICES[name]["build"] for name in OURS} == {"."}


def test_what_the_dockerfile_copies_is_there_and_sent() -> None:
    copied = {n.removeprefix("./") for t in texts("COPY") if "--from=" not in t for n in t.split()[:-1]}

    assert [name for name in sorted(copied) if not (ROOT / name).exists()] == []
    assert copied == sent(ROOT / ".dockerignore")


def test_a_step_that_is_not_known_by_hand_is_refused(tmp_path: Path) -> None:
    image = Image(folder=tmp_path, context=tmp_path, python=sys.executable)
    (step,) = read_steps("# a comment\nADD one \\\n  two\n")

    with pytest.raises(NotRun, match="ADD is not known"):
        image.follow(step)
