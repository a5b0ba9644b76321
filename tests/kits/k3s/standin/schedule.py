"""Snapshots by schedule: cron's five fields, in the clock of this host or in one that runs faster."""

import datetime
import os
import random
import threading
import time

from standin import log

# How many seconds pass for a minute of the schedule.
MINUTE = float(os.environ.get("K3S_STANDIN_MINUTE", "60"))
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
NAMED = {"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
         "@midnight": "0 0 * * *", "@hourly": "0 * * * *"}


def parse(text):
    """Five sets of numbers. ValueError where the text is no schedule."""
    fields = NAMED.get(text, text).split()
    if len(fields) != 5:
        raise ValueError(f"expected exactly 5 fields, found {len(fields)}: [{text}]")
    return [set().union(*(part(one, *bounds) for one in field.split(","))) for field, bounds in zip(fields, RANGES)], fields


def part(text, low, high):
    span, slash, step = text.partition("/")
    first, dash, last = span.partition("-")
    if span in ("*", "?"):
        first, last = low, high
    else:
        first = int(first)
        last = int(last) if dash else high if slash else first
    if not low <= first <= last <= high or (slash and int(step) < 1):
        raise ValueError(f"{text} is not within {low} to {high}")
    return set(range(first, last + 1, int(step) if slash else 1))


def due(schedule, moment):
    (minutes, hours, days, months, weekdays), fields = schedule
    day, weekday = moment.day in days, moment.isoweekday() % 7 in weekdays
    # Cron's rule: where both are restricted, one of them is enough. With a step, a star is none: `getRange` in parser.go of
    # robfig/cron v3, which k3s reads schedules with.
    either = not star(fields[2]) and not star(fields[4])
    return moment.minute in minutes and moment.hour in hours and moment.month in months and (day or weekday if either else day and weekday)


def star(field):
    return any(part in ("*", "?", "*/1", "?/1") for part in field.split(","))


def start(server, take):
    if server.settings.get("etcd-disable-snapshots"):
        return
    text = server.settings.get("etcd-snapshot-schedule-cron", "0 */12 * * *")
    try:
        schedule = parse(text)
    except ValueError:
        return  # as k3s does: it says nothing, and takes none
    threading.Thread(target=follow, args=(schedule, take), daemon=True).start()


def follow(schedule, take):
    origin, begun, past = datetime.datetime.utcnow().replace(second=0, microsecond=0), time.monotonic(), 0
    while True:
        now = int((time.monotonic() - begun) / MINUTE)
        if now == past:
            time.sleep(min(1.0, MINUTE / 10))
            continue
        past = now
        if due(schedule, origin + datetime.timedelta(minutes=now)):
            time.sleep(random.random() * min(5.0, MINUTE / 4))
            try:
                take()
            except (Exception, SystemExit) as error:  # pylint: disable=broad-except
                log.error(f"Failed to take scheduled snapshot: {error}")
