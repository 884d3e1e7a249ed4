"""Tests that freed memory is returned to the system."""

import subprocess
import sys

USED = """
import numpy as np
from face_auth.process_memory import give_back, share_arenas
share_arenas()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
kept = [np.ones(30_000, np.uint8) for _ in range(4000)]
small = kept[::400]
full = resident()
del kept
give_back()
print(full - resident())
"""


def test_freed_memory_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", USED], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 60_000_000
