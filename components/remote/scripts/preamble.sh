# shellcheck shell=bash
# Every script of ours starts with this. Results go to standard output, words for people to standard error.
set -Eeuo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C
umask 077

# Secrets: base64, one a line, after the script on standard input. Never exported, never an argument of a program.
ISTHMUS_SECRET_VALUES=()
for isthmus_name in ${ISTHMUS_SECRETS[@]+"${ISTHMUS_SECRETS[@]}"}; do
  IFS= read -r isthmus_line || { printf 'no value came for %s\n' "$isthmus_name" >&2; exit 1; }
  # A substitution drops newlines at the end of a value: the x keeps them.
  isthmus_value=$(printf %s "$isthmus_line" | base64 -d && printf x)
  isthmus_value=${isthmus_value%x}
  unset "$isthmus_name"
  printf -v "$isthmus_name" %s "$isthmus_value"
  # Lines short of 6 characters would blank out half of every message.
  while IFS= read -r isthmus_line; do
    [ "${#isthmus_line}" -lt 6 ] || ISTHMUS_SECRET_VALUES+=("$isthmus_line")
  done < <(printf '%s\n' "$isthmus_value")
done
unset isthmus_name isthmus_line isthmus_value
exec </dev/null

# Text from standard input to standard error: secrets masked, the host's name before every line.
relay() {
  local line value
  while IFS= read -r line || [ -n "$line" ]; do
    for value in ${ISTHMUS_SECRET_VALUES[@]+"${ISTHMUS_SECRET_VALUES[@]}"}; do
      line=${line//"$value"/[secret]}
    done
    # What others say may move a terminal's cursor, or write over what was said before.
    line=${line%$'\r'}
    line=${line//[$'\x01'-$'\x08'$'\x0b'-$'\x1f'$'\x7f']/?}
    printf '[%s] %s\n' "$ISTHMUS_HOST" "$line" >&2
  done
}

say() { printf '%s\n' "$*" | relay; }

ISTHMUS_STEP='start'
ISTHMUS_TOLD=/run/isthmus.lock.step
# The step that is being done: named in every failure, and by whoever waits for the lock.
step() {
  ISTHMUS_STEP=$1
  say "$1"
  if [ -e /proc/self/fd/9 ]; then printf '%s\n' "$1" >"$ISTHMUS_TOLD"; fi
}

# The systemd unit whose journal explains a failure; a script sets it.
ISTHMUS_UNIT=''

journal_tail() {
  [ -n "$ISTHMUS_UNIT" ] && command -v journalctl >/dev/null || return 0
  say "last lines of $ISTHMUS_UNIT:"
  { journalctl -u "$ISTHMUS_UNIT" -n 25 --no-pager -o cat 2>&1 || true; } | relay
}

# fail "what is wrong" "how it is fixed": ends the script.
fail() {
  trap - ERR
  say "failed at: $ISTHMUS_STEP"
  say "because: $1"
  journal_tail
  say "to fix: ${2:-the lines above name the cause; fix it and run the same command again}"
  exit 1
}

on_error() {
  local status=$1 command=$2
  # A subshell leaves the words to the shell that waits for it, so that they are said once.
  [ "$BASH_SUBSHELL" -eq 0 ] || exit "$status"
  fail "\"${command%%$'\n'*}\" ended with status $status"
}
trap 'on_error "$?" "$BASH_COMMAND"' ERR

# One script at a time on a host: a run that was killed may still be working here. Programs that stay are started with
# 9>&-, so that they do not keep the lock.
# Work that stands in no other's way sets a lock of its own. Not in /run/lock, where anybody may make files.
ISTHMUS_LOCK=/run/isthmus.lock
lock() {
  exec 9>>"$ISTHMUS_LOCK"
  flock -w 900 9 ||
    fail "another run has been at work on this host for 15 minutes, at: $(cat "$ISTHMUS_TOLD" 2>/dev/null || true)" \
      "wait for it, or end what holds $ISTHMUS_LOCK there; then run the same command again"
}

# retry SECONDS COMMAND…: until it succeeds; its last failure is ours.
retry() {
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.5
  done
}

# on_disk PATH…: returns when files, or the names in a folder, would be there after a power cut. One that cannot be asked for
# alone is waited for with all others.
on_disk() { sync "$@" 2>/dev/null 9>&- || sync 9>&-; }

# put PATH MODE CONTENT: writes the file whole or not at all, over a power cut, too, and only if it differs. A name that is on the
# disk before its content is an empty file at the next boot.
put() {
  local path=$1 mode=$2 content=$3
  [ -d "${path%/*}" ] || (umask 022 && mkdir -p "${path%/*}")
  if [ -f "$path" ] && [ "$(stat -c %a "$path")" = "${mode#0}" ] && printf %s "$content" | cmp -s - "$path"; then
    return 0
  fi
  printf %s "$content" >"$path.isthmus"
  chmod "$mode" "$path.isthmus"
  on_disk "$path.isthmus"
  mv -f "$path.isthmus" "$path"
  on_disk "${path%/*}"
}
