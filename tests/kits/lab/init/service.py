"""One service: its process, its state, and the rules by which systemd starts, watches and restarts it."""

import os
import signal
import socket
import struct
import subprocess
import threading
import time

import journal
import reaper
import units



class Service:
    """Everything here runs under the manager's lock; `changed` wakes those who wait for a state."""

    def __init__(self, unit, changed):
        self.unit, self.changed = unit, changed
        self.state, self.sub, self.result = "inactive", "dead", "success"
        self.process, self.main_pid, self.restarts, self.exit_status = None, 0, 0, 0
        self.entered, self.started_at, self.wanted = 0.0, 0.0, False
        self.starts, self.generation, self.reload_needed = [], 0, False

    def enter(self, state, sub):
        self.state, self.sub = state, sub
        if state == "active":
            self.entered = time.time()
        self.changed.notify_all()

    def log(self, message):
        journal.write(self.unit.name, "systemd", 1, message)

    # --- starting ---------------------------------------------------------------------------------------------------

    def start(self, automatic=False):
        now = time.monotonic()
        # systemd's default, which counts the starts that a person asks for, too: five in ten seconds.
        interval = self.unit.span("Unit.StartLimitIntervalSec", "10s")
        self.starts = [moment for moment in self.starts if now - moment < (interval or 0.0)] + [now]
        self.wanted = True
        if interval is not None and len(self.starts) > int(self.unit.value("Unit.StartLimitBurst", "5")):
            self.log("Start request repeated too quickly.")
            self.fail("start-limit-hit")
            return
        self.restarts = self.restarts + 1 if automatic else 0
        self.generation += 1
        self.result, self.exit_status = "success", 0
        self.enter("activating", "start")
        self.log(f"Starting {self.unit.value('Unit.Description', self.unit.name)}...")
        threading.Thread(target=self._launch, args=(self.generation,), daemon=True).start()

    def _launch(self, generation):
        try:
            env = self.unit.environment()
            for may_fail, argv in self.unit.commands("ExecStartPre"):
                code = self._run_and_log(argv, env)
                if code != 0 and not may_fail:
                    raise OSError(f"control process exited, code=exited status={code}")
            with self.changed:
                if generation == self.generation and self.wanted:
                    self._spawn(env, generation)
        except (OSError, ValueError, units.UnitError) as error:
            with self.changed:
                if generation == self.generation:
                    self.log(f"Failed to start: {error}")
                    self.ended(203)

    def _run_and_log(self, argv, env):
        try:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except OSError as error:
            self.log(str(error))
            return 203
        self._copy_output(process, os.path.basename(argv[0]))
        process.returncode = reaper.wait(process.pid)
        return process.returncode

    def _spawn(self, env, generation):
        kind = self.unit.value("Type", "simple")
        if kind == "notify":
            env["NOTIFY_SOCKET"] = self._notify_socket(generation)
        argv = self.unit.commands("ExecStart")[0][1]
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            argv, env=env, cwd=self.unit.value("WorkingDirectory", "/"), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.main_pid, self.started_at = self.process.pid, time.time()
        threading.Thread(target=self._copy_output, args=(self.process, os.path.basename(argv[0])), daemon=True).start()
        if kind in ("simple", "exec"):
            self.running()
        limit = self.unit.span("TimeoutStartSec", "90s")
        if kind == "notify" and limit is not None:
            threading.Timer(limit, self._start_timed_out, args=(generation,)).start()

    def running(self):
        self.log(f"Started {self.unit.value('Unit.Description', self.unit.name)}.")
        self.enter("active", "running")

    def _copy_output(self, process, identifier):
        for line in process.stdout:
            journal.write(self.unit.name, identifier, process.pid, line.decode("utf-8", "replace").rstrip("\n"))

    def _notify_socket(self, generation):
        path = f"/run/init/notify-{self.unit.name}-{generation}"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        listener.bind(path)
        threading.Thread(target=self._await_ready, args=(listener, generation), daemon=True).start()
        return path

    def _await_ready(self, listener, generation):
        while True:
            data, extra, _, _ = listener.recvmsg(4096, socket.CMSG_SPACE(12))
            sender = struct.unpack("iii", extra[0][2])[0] if extra else 0
            lines = data.decode("utf-8", "replace").split("\n")
            with self.changed:
                if generation != self.generation:
                    return
                if sender != self.main_pid:  # NotifyAccess=main, the default
                    self.log(f"Got notification message from PID {sender}, but reception only permitted for main PID {self.main_pid}")
                elif "READY=1" in lines and self.state == "activating":
                    self.running()

    def _start_timed_out(self, generation):
        with self.changed:
            if generation == self.generation and self.state == "activating":
                self.log("start operation timed out. Terminating.")
                self.result = "timeout"
                self.kill(signal.SIGKILL)

    # --- ending -----------------------------------------------------------------------------------------------------

    def ended(self, status):
        """The main process is gone. `status` as `waitstatus_to_exitcode` gives it: negative is a signal."""
        self.main_pid, self.process, self.exit_status = 0, None, abs(status)
        if self.state == "deactivating":
            self.log(f"Stopped {self.unit.value('Unit.Description', self.unit.name)}.")
            self.enter("inactive", "dead")
            return
        if self.unit.value("Type", "simple") == "oneshot" and status == 0:
            keep = self.unit.value("RemainAfterExit", "no") in ("yes", "true", "1")
            self.log(f"Finished {self.unit.value('Unit.Description', self.unit.name)}.")
            self.enter(*(("active", "exited") if keep else ("inactive", "dead")))
            return
        before_ready = self.state == "activating" and self.unit.value("Type", "simple") == "notify"
        how = f"code=killed, status={-status}" if status < 0 else f"code=exited, status={status}"
        if status != 0:
            self.log(f"Main process exited, {how}")
        clean = status in (0, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP) and not before_ready
        if self.result == "success" and not clean:
            self.result = "protocol" if status == 0 else "signal" if status < 0 else "exit-code"
        self._after_exit(clean)

    def _after_exit(self, clean):
        policy = self.unit.value("Restart", "no")
        again = policy == "always" or (policy == "on-failure" and not clean) or (policy == "on-success" and clean)
        if again and self.wanted:
            self.enter("activating", "auto-restart")
            generation = self.generation
            delay = self.unit.span("RestartSec", "100ms") or 0.0
            threading.Timer(delay, self._restart, args=(generation,)).start()
        elif clean:
            self.enter("inactive", "dead")
        else:
            self.fail(self.result)

    def _restart(self, generation):
        with self.changed:
            if generation == self.generation and self.sub == "auto-restart" and self.wanted:
                self.log(f"Scheduled restart job, restart counter is at {self.restarts + 1}.")
                self.start(automatic=True)

    def fail(self, result):
        self.result, self.wanted = result, False
        self.log(f"Failed with result '{result}'.")
        self.enter("failed", "failed")

    def stop(self):
        self.wanted = False
        if self.main_pid == 0:
            self.generation += 1
            if self.state != "failed":
                self.enter("inactive", "dead")
            return
        self.log(f"Stopping {self.unit.value('Unit.Description', self.unit.name)}...")
        self.enter("deactivating", "stop-sigterm")
        generation = self.generation
        self.kill(signal.SIGTERM)
        limit = self.unit.span("TimeoutStopSec", "90s")
        if limit is not None:
            threading.Timer(limit, self._stop_timed_out, args=(generation,)).start()

    def _stop_timed_out(self, generation):
        with self.changed:
            if generation == self.generation and self.state == "deactivating":
                self.log("State 'stop-sigterm' timed out. Killing.")
                self.kill(signal.SIGKILL)

    def kill(self, number):
        """KillMode=process reaches the main process only; else its whole session's group."""
        if self.main_pid == 0:
            return
        try:
            if self.unit.value("KillMode", "control-group") == "process":
                os.kill(self.main_pid, number)
            else:
                os.killpg(self.main_pid, number)
        except ProcessLookupError:
            pass
