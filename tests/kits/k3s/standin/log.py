"""Log lines as k3s writes them when it does not run in a terminal."""

import os
import sys
import threading
import time

_lock = threading.Lock()


def _write(level, message):
    text = message.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    with _lock:
        print(f'time="{time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}" level={level} msg="{text}"', file=sys.stderr, flush=True)


def info(message):
    _write("info", message)


def warning(message):
    _write("warning", message)


def error(message):
    _write("error", message)


def fatal(message):
    """Logs and ends the whole process, from whichever thread."""
    _write("fatal", message)
    os._exit(1)


def shutdown(message):
    """What ends k3s in an orderly way, as it sees it: not as a failure."""
    _write("error", f"Shutdown request received: {message}")
    os._exit(0)
