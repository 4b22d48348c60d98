"""What a training uses: time, processor, memory, and a graphics processor where there is one."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import psutil

from include.records.entries import TrainingDetails

MEBIBYTE = 2**20
_LEAST_PAUSES = 20  # a sample takes longer the more processes a machine has; the pause is so many times as long


class GpuDevice(Protocol):
    """One graphics processor."""

    def used(self) -> tuple[float, float] | None:
        """Memory in use in MiB and utilisation in per cent, of the whole device: other programs' count too.

        None from a device that does not answer.
        """
        ...


@dataclass
class _Series:
    """Peak and mean of what was sampled."""

    peak: float = 0.0
    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        """Count one sample in."""
        self.peak, self.total, self.count = max(self.peak, value), self.total + value, self.count + 1

    @property
    def mean(self) -> float:
        """Mean of the samples."""
        return self.total / self.count if self.count else 0.0


@dataclass
class ResourceMeter:
    """Measures while it is entered: ``with ResourceMeter() as meter: ...``, then ``meter.details``.

    Memory is sampled, at entering, at leaving and every `every` seconds between: the resident memory of this process
    and of all its descendants together. A peak shorter than that can be missed; pages that processes share count for
    each of them. Processor time is exact: of this process, and of those descendants that have been waited for.

    Parameters
    ----------
    every : float
        Seconds between two samples.
    gpus : sequence of GpuDevice, optional
        By default those that NVIDIA's library finds, if the package ``nvidia-ml-py`` is installed; else none.
    """

    every: float = 0.2
    gpus: Sequence[GpuDevice] | None = None
    _memory: _Series = field(default_factory=_Series, init=False)
    _gpu_memory: _Series = field(default_factory=_Series, init=False)
    _gpu_load: _Series = field(default_factory=_Series, init=False)
    _done: threading.Event = field(default_factory=threading.Event, init=False)

    def __enter__(self) -> Self:
        self._devices = nvidia_devices() if self.gpus is None else self.gpus
        self._began, self._cpu = time.monotonic(), _cpu_seconds()
        self._sample()
        self._thread = threading.Thread(target=self._keep_sampling, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        self._sample()
        self._seconds, self._cpu = time.monotonic() - self._began, _cpu_seconds() - self._cpu

    @property
    def details(self) -> TrainingDetails:
        """The figures as a version's details hold them; ``gpu_usage`` is left out where there is no device.

        ``training_duration`` is in seconds; a ``mean_percent`` of the processor above 100 is more than one core.
        """
        gpu = {
            "devices": len(self._devices),
            "peak_mib": self._gpu_memory.peak,
            "mean_mib": self._gpu_memory.mean,
            "peak_utilization_percent": self._gpu_load.peak,
            "mean_utilization_percent": self._gpu_load.mean,
        }
        return TrainingDetails(
            training_duration=self._seconds,
            cpu_usage={"seconds": self._cpu, "mean_percent": 100.0 * self._cpu / max(self._seconds, 1e-9)},
            memory_usage={"peak_mib": self._memory.peak, "mean_mib": self._memory.mean},
            gpu_usage=gpu if self._gpu_memory.count else None,
        )

    def _keep_sampling(self) -> None:
        pause = self.every
        while not self._done.wait(pause):
            began = time.monotonic()
            self._sample()
            pause = max(self.every, _LEAST_PAUSES * (time.monotonic() - began))

    def _sample(self) -> None:
        self._memory.add(_resident_mib())
        used = [found for device in self._devices if (found := device.used()) is not None]
        if used:
            self._gpu_memory.add(sum(memory for memory, _ in used))
            self._gpu_load.add(sum(load for _, load in used) / len(used))


@dataclass(frozen=True)
class _Nvidia:
    """A device by its handle in NVIDIA's library."""

    library: Any
    handle: Any

    def used(self) -> tuple[float, float] | None:
        """See `GpuDevice.used`."""
        try:
            memory = self.library.nvmlDeviceGetMemoryInfo(self.handle).used / MEBIBYTE
            return memory, float(self.library.nvmlDeviceGetUtilizationRates(self.handle).gpu)
        except self.library.NVMLError:  # a device that does not answer is not counted
            return None


def nvidia_devices() -> Sequence[GpuDevice]:
    """The devices that answer; none without the package, without a driver, or without a device."""
    try:
        import pynvml
    except ImportError:
        return ()
    try:
        pynvml.nvmlInit()
        return [_Nvidia(pynvml, pynvml.nvmlDeviceGetHandleByIndex(i)) for i in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return ()


def _resident_mib() -> float:
    """Resident memory of this process and its descendants."""
    own = psutil.Process()
    total = own.memory_info().rss
    for child in own.children(recursive=True):
        try:
            total += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue  # it ended meanwhile
    return float(total) / MEBIBYTE


def _cpu_seconds() -> float:
    """Processor time of this process and its ended descendants so far."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)
