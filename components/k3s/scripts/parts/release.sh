# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Getting the files of a release: nothing of k3s on this host is changed by it.

architecture() {
  case $(uname -m) in
  x86_64) echo amd64 ;;
  aarch64) echo arm64 ;;
  *) echo unknown ;;
  esac
}

has_sha256() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]; }

# What is to be installed waits here until all of it has come and is what was declared.
STAGE="$RECORD/release"
IMAGES="$K3S_DATA/agent/images"

# stage ORIGIN SHA256 TO: gets what TO is to be, unless TO is that already. ORIGIN is a URL, or a path on this host.
stage() {
  local origin=$1 sha=$2 to=$3 staged got
  staged="$STAGE/${to##*/}"
  if has_sha256 "$to" "$sha"; then rm -f "$staged"; return 0; fi
  if has_sha256 "$staged" "$sha"; then return 0; fi
  case $origin in
  /*) cp "$origin" "$staged" 2>/dev/null || fail "$origin is not on this host" 'put the files of that version there, or name another source' ;;
  *) download "$origin" "$staged" ;;
  esac
  if ! has_sha256 "$staged" "$sha"; then
    got=$(sha256sum "$staged" | cut -d' ' -f1)
    rm -f "$staged"
    fail "$origin has the SHA-256 $got, and $sha is declared" 'if the file is the right one, correct its checksum in the stack file'
  fi
}

download() {
  local said status=0 trust=()
  if [ -n "$SOURCE_CA" ]; then
    put "$STAGE/ca.crt" 0600 "$SOURCE_CA"
    trust=(--cacert "$STAGE/ca.crt")
  fi
  said=$(curl -fsSL --retry 3 --connect-timeout 10 --speed-limit 1000 --speed-time 60 ${trust[@]+"${trust[@]}"} -o "$2" "$1" 2>&1) || status=$?
  case $status in
  0) ;;
  60) fail "the certificate of the source is from an authority that this host does not trust (${said##*$'\n'})" 'give the certificate of that authority in the stack file, as source.ca' ;;
  *) fail "cannot download $1 (${said##*$'\n'})" 'see that this host reaches it, or name a mirror or a folder as source' ;;
  esac
}

# place TO MODE: puts there what was staged, whole or not at all, over a power cut, too, and where that is another disk.
place() {
  local staged="$STAGE/${1##*/}"
  [ -f "$staged" ] || return 0
  (umask 022 && mkdir -p "${1%/*}")
  chmod "$2" "$staged"
  mv -f "$staged" "$1.isthmus"
  on_disk "$1.isthmus"
  mv -f "$1.isthmus" "$1"
  on_disk "${1%/*}"
}

# Gets all that will be installed. Nothing of k3s is changed before every checksum is right.
stage_release() {
  local arch suffix='' index found=''
  arch=$(architecture)
  [ "$arch" = amd64 ] || suffix="-$arch"
  mkdir -p "$STAGE"
  for index in "${!ARCHITECTURES[@]}"; do
    [ "${ARCHITECTURES[index]}" = "$arch" ] || continue
    found=1
    stage "$SOURCE/k3s$suffix" "${BINARY_SHA256[index]}" /usr/local/bin/k3s
  done
  [ -n "$found" ] || fail "no checksum is declared for $(uname -m), which this host is" 'add checksums for that architecture to the stack file'
  for index in "${!ARCHIVES[@]}"; do
    [ "${ARCHIVE_ARCHITECTURES[index]}" = "$arch" ] || continue
    stage "$SOURCE/${ARCHIVES[index]}" "${ARCHIVE_SHA256[index]}" "$IMAGES/${ARCHIVES[index]}"
  done
  unit_is_installed || stage "$INSTALLER" "$INSTALLER_SHA256" "$RECORD/install.sh"
}

unit_is_installed() {
  [ -f "/etc/systemd/system/$UNIT.service" ] && [ "$(cat "$RECORD/k3s.installer" 2>/dev/null || true)" = "$INSTALLER_SHA256" ]
}
