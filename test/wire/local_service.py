"""Starts a local service as a process of its own, for clients that know nothing of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MINISTACK = ROOT / ".tideline" / "tools" / "venv" / "bin" / "ministack"
NODE = ROOT / "node_modules" / "node" / "bin" / "node"
ACCESS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
}


@contextmanager
def running(command: list[str], variables: Mapping[str, str], stdout: int = subprocess.DEVNULL) -> Iterator[Any]:
    """The process of a command; at the end it is asked to stop, and must."""
    process = subprocess.Popen(command, env={**os.environ, **ACCESS, **variables}, stdout=stdout, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) in (0, -signal.SIGTERM)


@contextmanager
def node_service(service: str, variables: Mapping[str, str]) -> Iterator[str]:
    """The URL of `local/SERVICE`, once it listens."""
    command = [str(NODE), str(ROOT / "local" / service / "main.ts")]
    with running(command, variables, subprocess.PIPE) as process:
        listening: str = json.loads(process.stdout.readline())["listening"]
        yield listening


@contextmanager
def local_s3(folder: str) -> Iterator[str]:
    """The URL of an S3 that keeps its objects in a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": port, "IOT_MTLS_ENABLED": "0"}
    with running([str(MINISTACK)], {**settings, "S3_PERSIST": "1", "S3_DATA_DIR": folder, "STATE_DIR": folder}):
        wait_until(lambda: answers(url), 30)
        yield url


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


def aws(variables: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the AWS CLI, with JSON as its answer."""
    program = str(Path(sys.executable).with_name("aws"))
    environment = {**os.environ, **ACCESS, **variables}
    return subprocess.run(
        [program, *arguments, "--output", "json"], env=environment, capture_output=True, text=True, check=False
    )
