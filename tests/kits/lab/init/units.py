"""Unit files: what a `.service` file and its drop-ins say, in the part of systemd's format that our services use."""

import glob
import os
import re
import shlex

UNIT_DIRS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system")
WANTS = "/etc/systemd/system/multi-user.target.wants"
SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


class UnitError(Exception):
    """A unit file that systemd would refuse."""


def full_name(name):
    name = os.path.basename(name)
    return name if "." in name and name.rsplit(".", 1)[1] in ("service", "target", "timer", "socket") else name + ".service"


def find(name):
    for directory in UNIT_DIRS:
        path = os.path.join(directory, full_name(name))
        if os.path.exists(path):
            return path
    return None


def sources(name):
    """The file and its drop-ins, in the order in which they apply."""
    path = find(name)
    if path is None:
        return []
    drop_ins = []
    for directory in UNIT_DIRS:
        drop_ins += glob.glob(os.path.join(directory, full_name(name) + ".d", "*.conf"))
    return [path] + sorted(drop_ins, key=os.path.basename)


def fingerprint(name):
    """Changes when a file of the unit changes on disk: systemd then asks for a daemon-reload."""
    return tuple((path, os.stat(path).st_mtime_ns, os.stat(path).st_size) for path in sources(name))


def seconds(text):
    if text in ("0", "infinity"):
        return None
    total = 0.0
    parts = re.findall(r"([0-9.]+)\s*(ms|sec|min|s|m|h)?", text)
    if not parts:
        raise UnitError(f"not a time span: {text}")
    for number, unit in parts:
        total += float(number) * SECONDS[unit]
    return total


def _lines(path):
    with open(path, encoding="utf-8") as file:
        logical = ""
        for raw in file.read().split("\n"):
            line = raw.strip() if not logical else raw
            if not logical and (not line or line[0] in "#;"):
                continue
            if logical and raw.lstrip()[:1] in ("#", ";"):
                continue
            if line.endswith("\\"):
                logical += line[:-1] + " "
                continue
            yield (logical + line).strip()
            logical = ""
        if logical.strip():
            yield logical.strip()


class Unit:
    """A loaded unit: `settings[key]` is the list of its values, after the drop-ins."""

    def __init__(self, name):
        self.name = full_name(name)
        self.path = find(name)
        if self.path is None:
            raise FileNotFoundError(self.name)
        self.fingerprint = fingerprint(name)
        self.settings = {}
        for path in sources(name):
            self._read(path)
        if not self.values("ExecStart"):
            raise UnitError(f"{self.name}: Service has no ExecStart= setting. Refusing.")

    def _read(self, path):
        section = ""
        for line in _lines(path):
            if line.startswith("["):
                section = line.strip("[]")
                continue
            if "=" not in line:
                raise UnitError(f"{path}: Missing '=', ignoring line: {line}")
            key, value = (part.strip() for part in line.split("=", 1))
            name = key if section == "Service" else f"{section}.{key}"
            # An empty assignment clears what came before, as in systemd.
            self.settings[name] = [] if value == "" else self.settings.get(name, []) + [value]

    def values(self, key):
        return [self._specifiers(value) for value in self.settings.get(key, [])]

    def value(self, key, default):
        values = self.values(key)
        return values[-1] if values else default

    def _specifiers(self, text):
        prefix = self.name.rsplit(".", 1)[0]
        table = {"%": "%", "N": prefix, "n": self.name, "H": os.uname().nodename, "p": prefix.split("@")[0]}
        table["i"] = prefix.split("@", 1)[1] if "@" in prefix else ""
        return re.sub(r"%(.)", lambda found: table.get(found.group(1), found.group(0)), text)

    def span(self, key, default):
        return seconds(self.value(key, default))

    def commands(self, key):
        """[(may fail, argv)] of an Exec line."""
        found = []
        for line in self.values(key):
            flags = re.match(r"^[-@:+!]*", line).group(0)
            found.append(("-" in flags, shlex.split(line[len(flags):])))
        return found

    def environment(self):
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        if self.value("User", "") in ("", "root"):
            env.update({"HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/sh"})
        for line in self.values("Environment"):
            for word in shlex.split(line):
                key, _, value = word.partition("=")
                env[key] = value
        for name in self.values("EnvironmentFile"):
            env.update(_environment_file(name))
        return env

    def enabled(self):
        return os.path.islink(os.path.join(WANTS, self.name))


def _environment_file(name):
    optional, path = name.startswith("-"), name.lstrip("-")
    if not os.path.exists(path):
        if optional:
            return {}
        raise UnitError(f"Failed to load environment files: No such file or directory: {path}")
    env = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.strip()
            if line and line[0] not in "#;" and "=" in line:
                key, _, value = line.partition("=")
                env[key.strip()] = "".join(shlex.split(value.strip())) if value.strip()[:1] in "'\"" else value.strip()
    return env
