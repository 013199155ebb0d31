"""Load from wrk: requests per second and latency of one address, over a few seconds."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPORT = """
done = function(summary, latency, requests)
  io.write(string.format('\\nRESULT {"requests": %d, "seconds": %f, "errors": %d, "p50": %f, "p99": %f}\\n',
    summary.requests, summary.duration / 1e6,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Request:
    """One request that is sent again and again."""

    url: str
    method: str = "GET"
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Measured:
    """What one round gave: requests a second, latencies in milliseconds, failed requests."""

    rate: float
    p50: float
    p99: float
    errors: int


def wrk() -> str:
    """The path of wrk; ends the program with a clear line where there is none."""
    found = shutil.which("wrk")
    if not found:
        raise SystemExit("The benchmarks drive the load with wrk: install the package `wrk` of your system.")
    return found


def measure(request: Request, *, seconds: float, connections: int = 32) -> Measured:
    """Send `request` over `connections` keep-alive connections for `seconds`."""
    lines = [f"wrk.method = {json.dumps(request.method)}"]
    if request.body:
        lines.append(f"wrk.body = [==[{request.body}]==]")
    lines += [f"wrk.headers[{json.dumps(name)}] = [==[{value}]==]" for name, value in request.headers]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "request.lua"
        script.write_text("\n".join(lines) + REPORT, encoding="utf-8")
        run = subprocess.run(
            [
                wrk(),
                "-t1",
                f"-c{connections}",
                f"-d{seconds:g}s",
                "--timeout",
                "30s",
                "-s",
                str(script),
                request.url,
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        )
    result = json.loads(run.stdout.split("RESULT ", 1)[1])
    return Measured(result["requests"] / result["seconds"], result["p50"], result["p99"], result["errors"])
