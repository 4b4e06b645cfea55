"""Facts about the machine that put the times into context."""

import datetime as dt
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jax

PACKAGES = ("nde", "jax", "jaxlib", "equinox", "diffrax", "torch", "torchcde", "torchdiffeq", "scipy", "numpy")


def facts() -> dict[str, str]:
    """Date, processor, device, load and versions."""
    return {
        "Date": dt.datetime.now(dt.UTC).date().isoformat(),
        "Processor": f"{_processor()}, {_cores()} cores",
        "JAX device": f"{jax.default_backend()}: {jax.devices()[0].device_kind}",
        "Load before the run": _load(),
        "System": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "Versions": ", ".join(f"{package} {found}" for package in PACKAGES if (found := _version(package))),
    }


def _processor() -> str:
    """The model name of the processor if Linux reports it, else what Python knows."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _load() -> str:
    """The load average of the last minute: what else the machine was doing."""
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
