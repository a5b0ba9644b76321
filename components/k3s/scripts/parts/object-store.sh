# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# The object store that snapshots are kept in, by its own protocol: also where k3s does not run yet.

STORE_SAID=$(mktemp)
STORE_CA=$(mktemp)
trap 'rm -f "$STORE_SAID" "$STORE_CA"' EXIT
printf %s "$S3_CA" >"$STORE_CA"
# SHA-256 of the empty body that a request to read has.
NO_BODY=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

# signed SHA-256-OF-BODY PATH-AND-QUERY [OPTION OF CURL…]: asks the store. The keys go to curl on standard input.
signed() {
  local hash=$1 path=$2 trust=()
  shift 2
  [ -z "$S3_CA" ] || trust=(--cacert "$STORE_CA")
  printf 'user = "%s:%s"\n' "$S3_ACCESS_KEY" "$S3_SECRET_KEY" |
    curl -sS -K - ${trust[@]+"${trust[@]}"} --connect-timeout 10 --max-time 900 --aws-sigv4 "aws:amz:$S3_REGION:s3" \
      -H "x-amz-content-sha256: $hash" "$@" "https://$S3_ENDPOINT/$S3_BUCKET$path" 2>"$STORE_SAID"
}

# object_store PATH-AND-QUERY [OPTION OF CURL…]: what the store answers; an answer of an error is a failure.
object_store() { signed "$NO_BODY" "$@" -f; }

# Ends the script with what `object_store` failed by.
store_failed() {
  local said
  said=$(head -n 1 "$STORE_SAID")
  case $said in
  *'error: 403'*) fail "the object store $S3_ENDPOINT refuses these keys ($said)" "see that the stack's keys for snapshots are right and may list, read and write $S3_BUCKET, and that this host's clock is" ;;
  *'error: 404'*) fail "the object store $S3_ENDPOINT has no such bucket or snapshot ($said)" "see that bucket $S3_BUCKET exists and is spelled so in the stack file" ;;
  *certificate*) fail "the certificate of the object store $S3_ENDPOINT is not trusted ($said)" 'give the certificate of its authority in the stack file, as snapshots.s3.ca' ;;
  *) fail "the object store $S3_ENDPOINT does not answer: $said" 'see that it runs and that this host reaches it; then run the same command again' ;;
  esac
}
