"""PID 1 of a test host: reaps, starts what is enabled, and answers `systemctl` on a socket.

A stand-in for systemd with its rules where our scripts lean on them: unit files are cached until a daemon-reload,
`start` of a Type=notify unit waits for READY=1, a start that fails tells so and goes on restarting by the unit's
policy, the journal stays on disk. What it does not know, it refuses.
"""

import glob
import marshal
import os
import select
import signal
import socket
import sys
import threading
import time

import journal
import reaper
import units
from control import Control
from service import Service

REBOOT, POWER_OFF = 133, 0


class Manager:
    """The services by name; `changed` is the one lock, and wakes who waits for a state."""

    def __init__(self):
        self.changed = threading.Condition(threading.RLock())
        self.services = {}
        self.exit_code = None

    def load(self, name):
        """The service of a unit, its file read at most once until the next daemon-reload."""
        name = units.full_name(name)
        service = self.services.get(name)
        if service is None:
            service = self.services[name] = Service(units.Unit(name), self.changed)
        return service

    def reload(self):
        for name in list(self.services):
            if units.find(name):
                self.services[name].unit = units.Unit(name)
            elif self.services[name].main_pid == 0:
                del self.services[name]

    def kernel_settings(self):
        """As systemd-sysctl does, before any service: what this host may not set, it passes over."""
        for path in sorted(glob.glob("/etc/sysctl.d/*.conf")):
            with open(path, encoding="utf-8") as file:
                pairs = [line.partition("=") for line in file if "=" in line and line[0] not in "#;"]
            for key, _, value in pairs:
                try:
                    with open("/proc/sys/" + key.strip().replace(".", "/"), "w", encoding="ascii") as setting:
                        setting.write(value.strip())
                except OSError as error:
                    journal.write("init.service", "systemd", 1, f"Couldn't write '{value.strip()}' to '{key.strip()}': {error}")

    def start_enabled(self):
        for link in sorted(glob.glob(units.WANTS + "/*.service")):
            try:
                with self.changed:
                    self.load(os.path.basename(link)).start()
            except (OSError, units.UnitError) as error:
                journal.write("init.service", "systemd", 1, f"{link}: {error}")

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            with self.changed:
                owner = next((each for each in self.services.values() if each.main_pid == pid), None)
                if owner is None:
                    reaper.put(pid, code)
                else:
                    owner.process.returncode = code
                    owner.ended(code)

    def shut_down(self, code):
        """Stops every service, then ends PID 1: the kernel ends the rest."""
        with self.changed:
            for service in self.services.values():
                service.stop()
            deadline = time.monotonic() + 20
            while any(service.main_pid for service in self.services.values()) and time.monotonic() < deadline:
                self.changed.wait(0.2)
            self.exit_code = code


def serve(manager):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind("/run/init/control")
    listener.listen(64)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=answer, args=(manager, client), daemon=True).start()


def answer(manager, client):
    with client:
        with client.makefile("rb") as stream:
            arguments = marshal.loads(stream.read())
        reply = Control(manager).run(arguments)
        client.sendall(marshal.dumps(reply))
        client.shutdown(socket.SHUT_WR)
        if reply.get("after") in ("reboot", "poweroff"):
            manager.shut_down(REBOOT if reply["after"] == "reboot" else POWER_OFF)


def main():
    os.makedirs("/run/init", exist_ok=True)
    os.makedirs("/run/systemd/system", exist_ok=True)  # what `sd_booted(3)` looks for
    manager = Manager()
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    threading.Thread(target=serve, args=(manager,), daemon=True).start()
    manager.kernel_settings()
    manager.start_enabled()
    while manager.exit_code is None:
        select.select([wake_read], [], [], 0.5)
        try:
            os.read(wake_read, 512)
        except BlockingIOError:
            pass
        manager.reap()
    os._exit(manager.exit_code)


if __name__ == "__main__":
    sys.exit(main())
