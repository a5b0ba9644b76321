"""The journal: one file of JSON lines a unit, kept on the host's disk, so that it outlives a power cut."""

import glob
import json
import os
import threading
import time

DIRECTORY = "/var/log/journal-of-init"
_lock = threading.Lock()


def write(unit, identifier, pid, message):
    os.makedirs(DIRECTORY, exist_ok=True)
    record = {"t": time.time(), "boot": boot_id(), "unit": unit, "id": identifier, "pid": pid, "message": message}
    with _lock, open(os.path.join(DIRECTORY, unit), "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def read(units):
    """All records of these units (of all units where none is named), oldest first."""
    paths = [os.path.join(DIRECTORY, unit) for unit in units] if units else sorted(glob.glob(DIRECTORY + "/*"))
    records = []
    for path in paths:
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    try:
                        records.append(json.loads(line))
                    except ValueError:
                        continue  # cut off by a power cut
    return sorted(records, key=lambda record: record["t"])


def boot_id():
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
        return file.read().strip()
