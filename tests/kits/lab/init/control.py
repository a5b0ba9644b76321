"""What `systemctl` asks of PID 1, with systemd's exit codes. A verb or option that is not here is refused."""

import os
import signal
import time

import units

FLAGS = {"--now", "--no-block", "--value", "--quiet", "-q", "--no-pager", "--no-legend", "--full", "-l", "--all", "-a", "--force",
         "-f", "--plain", "--no-ask-password", "--system"}
VALUED = {"-p": "property", "--property": "property", "-s": "signal", "--signal": "signal", "-t": "type", "--type": "type",
          "--state": "state", "-n": "lines", "--lines": "lines", "--kill-who": "who", "--kill-whom": "who"}


class Refused(Exception):
    """An answer that ends the command: exit code and message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def reply(code=0, out="", err="", after=None):
    return {"code": code, "out": out, "err": err, "after": after}


def parse(arguments):
    words, options = [], {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        key, equals, value = word.partition("=")
        if word in FLAGS:
            options[word.lstrip("-")] = True
        elif key in VALUED:
            options.setdefault(VALUED[key], []).append(value if equals else rest.pop(0))
        elif word.startswith("-p") and len(word) > 2 and not word.startswith("--"):
            options.setdefault("property", []).append(word[2:])
        elif word.startswith("-"):
            raise Refused(1, f"systemctl: unrecognized option '{word}'")
        else:
            words.append(word)
    return words, options


class Control:
    """One command line, run under the manager's lock."""

    def __init__(self, manager):
        self.manager = manager

    def run(self, arguments):
        try:
            words, options = parse(arguments)
            verb = words[0] if words else "list-units"
            method = getattr(self, "do_" + verb.replace("-", "_"), None)
            if method is None:
                raise Refused(1, f"Unknown command verb '{verb}'.")
            with self.manager.changed:
                return method(words[1:], options)
        except Refused as refused:
            return reply(refused.code, err=str(refused) + "\n")

    def service(self, name, verb):
        try:
            return self.manager.load(name)
        except FileNotFoundError as error:
            full = units.full_name(name)
            why = f"Unit {full} not found." if verb != "stop" else f"Unit {full} not loaded."
            raise Refused(5, f"Failed to {verb} {full}: {why}") from error
        except units.UnitError as error:
            full = units.full_name(name)
            raise Refused(1, f"Failed to {verb} {full}: Unit {full} has a bad unit file setting: {error}") from error

    # --- running ----------------------------------------------------------------------------------------------------

    def do_start(self, names, options, verb="start"):
        warnings = ""
        for name in names:
            service = self.service(name, verb)
            warnings += self._warning(service)
            if verb != "start":
                self._stop_and_wait(service)
            if service.state not in ("active",) and not (service.state == "activating" and service.sub == "start"):
                service.start()
            if "no-block" not in options:
                self._await_start(service)
        return reply(err=warnings)

    def _await_start(self, service):
        generation = service.generation
        while service.state == "activating" and service.sub == "start" and service.generation == generation:
            self.manager.changed.wait()
        oneshot = service.unit.value("Type", "simple") == "oneshot" and service.result == "success"
        if service.state == "active" or oneshot:
            return
        name = service.unit.name
        if service.generation != generation or service.state == "inactive":
            raise Refused(1, f"Job for {name} canceled.")
        raise Refused(1, f"Job for {name} failed because the control process exited with error code.\n"
                         f'See "systemctl status {name}" and "journalctl -xeu {name}" for details.')

    def do_restart(self, names, options):
        return self.do_start(names, options, "restart")

    def do_try_restart(self, names, options):
        return self.do_start([name for name in names if self.service(name, "restart").state == "active"], options, "restart")

    def do_stop(self, names, options):
        for name in names:
            service = self.manager.services.get(units.full_name(name)) or self.service(name, "stop")
            if "no-block" in options:
                service.stop()
            else:
                self._stop_and_wait(service)
        return reply()

    def _stop_and_wait(self, service):
        service.stop()
        while service.state == "deactivating":
            self.manager.changed.wait()

    def do_kill(self, names, options):
        number = options.get("signal", ["TERM"])[0]
        for name in names:
            self.service(name, "kill").kill(int(number) if number.isdigit() else signal.Signals["SIG" + number.removeprefix("SIG")])
        return reply()

    def do_reset_failed(self, names, _options):
        for name in names or list(self.manager.services):
            service = self.manager.services.get(units.full_name(name))
            if service is not None and service.state == "failed":
                service.enter("inactive", "dead")
                service.starts.clear()
        return reply()

    def do_daemon_reload(self, _names, _options):
        self.manager.reload()
        return reply()

    def do_reboot(self, _names, _options):
        return reply(after="reboot")

    def do_poweroff(self, _names, _options):
        return reply(after="poweroff")

    # --- enablement -------------------------------------------------------------------------------------------------

    def do_enable(self, names, options):
        os.makedirs(units.WANTS, exist_ok=True)
        said = ""
        for name in names:
            path = name if name.startswith("/") else units.find(name)
            if path is None or not os.path.exists(path):
                raise Refused(1, f"Failed to enable unit: Unit file {units.full_name(name)} does not exist.")
            link = os.path.join(units.WANTS, units.full_name(name))
            if not os.path.islink(link):
                os.symlink(path, link)
                said += f"Created symlink {link} → {path}.\n"
        if "now" in options:
            self.do_start(names, options)
        return reply(err=said)

    def do_disable(self, names, options):
        said = ""
        for name in names:
            link = os.path.join(units.WANTS, units.full_name(name))
            if not os.path.islink(link) and units.find(name) is None:
                raise Refused(1, f"Failed to disable unit: Unit file {units.full_name(name)} does not exist.")
            if os.path.islink(link):
                os.unlink(link)
                said += f"Removed {link}.\n"
        if "now" in options:
            self.do_stop(names, options)
        return reply(err=said)

    def do_is_enabled(self, names, options):
        states = []
        for name in names:
            if units.find(name) is None:
                raise Refused(1, f"Failed to get unit file state for {units.full_name(name)}: No such file or directory")
            states.append("enabled" if os.path.islink(os.path.join(units.WANTS, units.full_name(name))) else "disabled")
        return reply(0 if "enabled" in states else 1, "" if quiet(options) else "\n".join(states) + "\n")

    # --- questions --------------------------------------------------------------------------------------------------

    def state_of(self, name):
        service = self.manager.services.get(units.full_name(name))
        return service.state if service else "inactive"

    def do_is_active(self, names, options):
        states = [self.state_of(name) for name in names]
        return reply(0 if "active" in states else 3, "" if quiet(options) else "\n".join(states) + "\n")

    def do_is_failed(self, names, options):
        states = [self.state_of(name) for name in names]
        return reply(0 if "failed" in states else 1, "" if quiet(options) else "\n".join(states) + "\n")

    def do_is_system_running(self, _names, options):
        failed = any(service.state == "failed" for service in self.manager.services.values())
        return reply(1 if failed else 0, "" if quiet(options) else ("degraded\n" if failed else "running\n"))

    def do_show(self, names, options):
        wanted = [key for group in options.get("property", []) for key in group.split(",")]
        blocks = []
        for name in names:
            facts = self.facts(name)
            keys = wanted or list(facts)
            lines = [facts[key] if "value" in options else f"{key}={facts[key]}" for key in keys if key in facts]
            blocks.append("\n".join(lines) + "\n")
        return reply(out="\n".join(blocks))

    def facts(self, name):
        full = units.full_name(name)
        try:
            service = self.manager.load(full)
        except (FileNotFoundError, units.UnitError):
            missing = units.find(full) is None
            return {"Id": full, "LoadState": "not-found" if missing else "bad-setting", "ActiveState": "inactive", "SubState": "dead",
                    "UnitFileState": "", "Result": "success", "MainPID": "0", "NRestarts": "0", "ExecMainStatus": "0",
                    "NeedDaemonReload": "no", "FragmentPath": units.find(full) or "", "ActiveEnterTimestamp": "", "Type": ""}
        unit = service.unit
        return {
            "Id": full, "Type": unit.value("Type", "simple"), "Restart": unit.value("Restart", "no"), "NRestarts": str(service.restarts),
            "Result": service.result, "MainPID": str(service.main_pid), "ExecMainStatus": str(service.exit_status),
            "ExecMainStartTimestamp": stamp(service.started_at), "ActiveEnterTimestamp": stamp(service.entered),
            "ActiveEnterTimestampMonotonic": str(int(service.entered * 1e6)), "LoadState": "loaded", "ActiveState": service.state,
            "SubState": service.sub, "UnitFileState": "enabled" if unit.enabled() else "disabled", "FragmentPath": unit.path,
            "NeedDaemonReload": "yes" if unit.fingerprint != units.fingerprint(full) else "no"}

    def do_status(self, names, _options):
        out, code = "", 0
        for name in names:
            facts = self.facts(name)
            if facts["LoadState"] == "not-found":
                return reply(4, err=f"Unit {units.full_name(name)} could not be found.\n")
            code = 0 if facts["ActiveState"] == "active" else 3
            out += (f"● {facts['Id']}\n     Loaded: loaded ({facts['FragmentPath']}; {facts['UnitFileState']})\n"
                    f"     Active: {facts['ActiveState']} ({facts['SubState']})\n   Main PID: {facts['MainPID']}\n")
        return reply(code, out)

    def do_cat(self, names, _options):
        out = ""
        for name in names:
            if not units.sources(name):
                raise Refused(1, f"No files found for {units.full_name(name)}.")
            for path in units.sources(name):
                with open(path, encoding="utf-8") as file:
                    out += f"# {path}\n{file.read()}\n"
        return reply(out=out)

    def do_list_units(self, _names, _options):
        rows = [f"{name} loaded {service.state} {service.sub}" for name, service in sorted(self.manager.services.items())]
        return reply(out="\n".join(rows) + "\n")

    @staticmethod
    def _warning(service):
        if service.unit.fingerprint == units.fingerprint(service.unit.name):
            return ""
        return (f"Warning: The unit file, source configuration file or drop-ins of {service.unit.name} changed on disk. "
                "Run 'systemctl daemon-reload' to reload units.\n")


def quiet(options):
    return "quiet" in options or "q" in options


def stamp(moment):
    return time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(moment)) if moment else ""
