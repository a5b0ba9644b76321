"""Exit codes of helper processes: PID 1 reaps every child, so whoever started one asks here how it ended."""

import collections
import threading

_ended = threading.Condition()
_codes = collections.OrderedDict()


def put(pid, code):
    with _ended:
        _codes[pid] = code
        while len(_codes) > 1000:
            _codes.popitem(last=False)
        _ended.notify_all()


def wait(pid):
    with _ended:
        while pid not in _codes:
            _ended.wait()
        return _codes.pop(pid)
