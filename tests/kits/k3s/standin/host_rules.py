"""What k3s reads of a host at its start, and refuses: kernel settings, files that the API server is told of, registries."""

import os

import yaml

from standin import log
from standin.version import VERSION

# kubelet, `setupKernelTunables`: with protect-kernel-defaults it ends where one is another.
KERNEL = {"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
          "kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000"}
REGISTRIES = "/etc/rancher/k3s/registries.yaml"
# wharfie's types. Keys that are not here are passed over, as its YAML is not read strictly.
TEXT = ("a string", lambda value: isinstance(value, (str, int, float, bool)))
SWITCH = ("a bool", lambda value: isinstance(value, bool))
MIRROR = {"endpoint": [TEXT], "rewrite": {"*": TEXT}}
CONFIG = {"auth": {"username": TEXT, "password": TEXT, "auth": TEXT, "identity_token": TEXT},
          "tls": {"ca_file": TEXT, "cert_file": TEXT, "key_file": TEXT, "insecure_skip_verify": SWITCH}}


class RegistriesError(Exception):
    """Why registries.yaml cannot be read: k3s says so, waits, and tries again."""


def check_kernel(settings):
    if not settings.get("protect-kernel-defaults"):
        return
    wrong = []
    for key, expected in KERNEL.items():
        with open(f"/proc/sys/{key}", encoding="ascii") as file:
            actual = file.read().strip()
        if actual != expected:
            wrong.append(f"invalid kernel flag: {key}, expected value: {expected}, actual value: {actual}")
    if wrong:
        log.fatal(f"kubelet exited: failed to run Kubelet: [{', '.join(wrong)}]")


def check_cgroups(settings):
    """kubelet, `validateKubeletOSConfiguration`: failCgroupV1 is true by default from 1.35 on."""
    minor = int(VERSION.split(".")[1])
    told = dict(one.partition("=")[::2] for one in settings.get("kubelet-arg", [])).get("fail-cgroupv1")
    fails = told.lower() not in ("false", "0") if told is not None else minor >= 35
    if fails and not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        log.fatal("kubelet exited: failed to run Kubelet: kubelet is configured to not run on a host using cgroup v1. cgroup v1 support "
                  "is unsupported and will be removed in a future release")


def api_server_flags(settings):
    return dict(flag.partition("=")[::2] for flag in settings.get("kube-apiserver-arg", []))


def check_api_server(settings):
    """Files that its flags name have to be there; the log of what is asked of it is begun."""
    flags = api_server_flags(settings)
    for flag, kind in (("admission-control-config-file", "AdmissionConfiguration"), ("audit-policy-file", "Policy")):
        if flag in flags:
            check_file(flag, flags[flag], kind)
    if "EventRateLimit" in flags.get("enable-admission-plugins", "") and "admission-control-config-file" not in flags:
        log.fatal("apiserver exited: couldn't init admission plugin \"EventRateLimit\": no configuration provided")
    if "audit-log-path" in flags:
        os.makedirs(os.path.dirname(flags["audit-log-path"]), exist_ok=True)
        os.close(os.open(flags["audit-log-path"], os.O_CREAT | os.O_APPEND, 0o600))


def check_file(flag, path, kind):
    try:
        with open(path, encoding="utf-8") as file:
            document = yaml.safe_load(file)
    except (OSError, yaml.YAMLError) as error:
        log.fatal(f"apiserver exited: {flag}: unable to read {path}: {error}")
    if not isinstance(document, dict) or document.get("kind") != kind:
        log.fatal(f"apiserver exited: {flag}: no kind {kind} is in {path}")


def check_registries(settings):
    path = settings.get("private-registry") or REGISTRIES
    if not os.path.exists(path):
        return
    log.info(f"Using registry config file at {path}")
    try:
        with open(path, encoding="utf-8") as file:
            document = yaml.safe_load(file)
    except yaml.YAMLError as error:
        raise RegistriesError(f"yaml: {error}") from error
    problems = list(mismatches("", document, {"mirrors": {"*": MIRROR}, "configs": {"*": CONFIG}}))
    if problems:
        raise RegistriesError("yaml: unmarshal errors: " + "; ".join(problems))


def mismatches(path, value, shape):
    if value is None:
        return
    if isinstance(shape, tuple):
        if not shape[1](value):
            yield f"{path}: cannot unmarshal {value!r} into {shape[0]}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path}: cannot unmarshal {value!r} into a list"
            return
        for index, item in enumerate(value):
            yield from mismatches(f"{path}[{index}]", item, shape[0])
    elif not isinstance(value, dict):
        yield f"{path}: cannot unmarshal {value!r} into a map"
    else:
        for key, item in value.items():
            if "*" in shape or key in shape:
                yield from mismatches(f"{path}.{key}".lstrip("."), item, shape.get("*", shape.get(key)))
