from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, field

import pytest

from include.retraining.resources import ResourceMeter, nvidia_devices

MEBIBYTE = 2**20
HUNGRY = "import time; kept = bytearray(b'x' * 200 * 2**20); time.sleep(1.0)"

MEASURES_ITSELF = """
import time
from include.retraining.resources import ResourceMeter
with ResourceMeter(every=0.02, gpus=()) as idle:
    time.sleep(0.1)
with ResourceMeter(every=0.02, gpus=()) as meter:
    kept = b'x' * (200 * 2**20)
    time.sleep(0.2)
    del kept
    time.sleep(0.4)
memory = meter.details.memory_usage
print(idle.details.memory_usage["peak_mib"], memory["peak_mib"], memory["mean_mib"])
"""


@dataclass
class Device:
    """Answers as a graphics processor would."""

    answers: list[tuple[float, float] | None] = field(default_factory=list)

    def used(self) -> tuple[float, float] | None:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_memory_of_this_process_is_measured() -> None:
    """In a process of its own: the machine may take unused pages from a large one at any time."""
    found = subprocess.run([sys.executable, "-c", MEASURES_ITSELF], check=True, capture_output=True, text=True)
    before, peak, mean = (float(number) for number in found.stdout.split())
    assert peak - before == pytest.approx(200.0, abs=50.0)
    assert before < mean < peak


def test_memory_and_processor_of_children_count() -> None:
    with ResourceMeter(every=0.05, gpus=()) as idle:
        pass
    with ResourceMeter(every=0.05, gpus=()) as meter:
        subprocess.run([sys.executable, "-c", HUNGRY], check=True)
        subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)
    assert meter.details.memory_usage["peak_mib"] - idle.details.memory_usage["peak_mib"] > 180.0
    assert 0.05 < meter.details.cpu_usage["seconds"] < meter.details.training_duration


def test_processor_time_and_duration_are_told_apart() -> None:
    with ResourceMeter(gpus=()) as meter:
        time.sleep(0.5)
    assert 0.5 <= meter.details.training_duration < 60.0
    assert meter.details.cpu_usage["mean_percent"] < 50.0


def test_devices_are_summed_in_memory_and_averaged_in_load() -> None:
    devices = [Device([(100.0, 50.0), (300.0, 90.0)]), Device([(50.0, 0.0), (50.0, 10.0)])]
    with ResourceMeter(every=60.0, gpus=devices) as meter:
        pass
    assert meter.details.gpu_usage == {
        "devices": 2, "peak_mib": 350.0, "mean_mib": 250.0, "peak_utilization_percent": 50.0,
        "mean_utilization_percent": 37.5,
    }  # fmt: skip


def test_without_a_device_that_answers_there_is_no_figure() -> None:
    for devices in ((), (Device([None]),)):
        with ResourceMeter(gpus=devices) as meter:
            pass
        assert meter.details.gpu_usage is None


def test_devices_are_looked_for_without_an_error() -> None:
    assert all(device.used() is None or len(device.used() or ()) == 2 for device in nvidia_devices())


def test_error_goes_through_and_the_sampling_ends() -> None:
    meter = ResourceMeter(every=0.01, gpus=())
    with pytest.raises(ValueError, match="no"), meter:
        raise ValueError("no")
    assert not meter._thread.is_alive()
    assert meter.details.training_duration >= 0.0
