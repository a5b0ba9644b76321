#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Writes a small object to where this server's snapshots go, reads it back and deletes it. What only a person can put right is a
# failure; that nobody answers may pass by itself, and stops nothing: it is printed (`away: …`), and the next `up` asks again.
# What stays of a run that was killed, the next one writes over.

# k3s takes nothing in this folder for a snapshot: `ListSnapshots` in pkg/etcd/s3/s3.go of k3s-io/k3s.
PROBE="$S3_FOLDER/.metadata/isthmus-probe-$NODE"
STORE_SENT=$(mktemp)
STORE_ANSWER=$(mktemp)
trap 'rm -f "$STORE_SAID" "$STORE_CA" "$STORE_SENT" "$STORE_ANSWER"' EXIT
AT='' STATUS='' CURL=0

# ask STEP METHOD [OPTION OF CURL…]: STATUS is the answer's, 000 where none came; CURL is why.
ask() {
  local method=$2 hash=$NO_BODY
  AT=$1
  shift 2
  step "probe the object store: $AT"
  [ "$method" != PUT ] || hash=$(sha256sum <"$STORE_SENT" | cut -d' ' -f1)
  CURL=0
  : >"$STORE_ANSWER"
  STATUS=$(signed "$hash" "/$PROBE" -X "$method" --max-time 60 -o "$STORE_ANSWER" -w '%{http_code}' "$@") || CURL=$?
}

# A part of an error's body: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
said_of() {
  local text
  text=$(tr -d '\n\0' <"$STORE_ANSWER" | sed -n "s#.*<$1>\([^<]*\)</$1>.*#\1#p")
  printf %s "${text:0:300}"
}

# What the store, or curl, said, on one line and without secrets.
words() {
  local code
  code=$(said_of Code)
  if [ "$CURL" -ne 0 ]; then head -n 1 "$STORE_SAID"; else printf 'HTTP %s%s\n' "$STATUS" "${code:+, $code: $(said_of Message)}"; fi |
    relay 2>&1 | sed "s/^\[[^]]*\] //"
}

# It may be there later.
away() {
  printf 'away: %s at %s: %s\n' "$S3_ENDPOINT" "$AT" "$(words)"
  exit 0
}

refused() { fail "the object store $S3_ENDPOINT, at $AT: $1 ($(words))" "$2"; }

KEYS="pulumi config set --path --secret 'isthmus:secrets.snapshotAccessKey', and likewise snapshotSecretKey"

# Curl's own failures: https://curl.se/libcurl/c/libcurl-errors.html
not_answered() {
  case $CURL in
  2 | 4) printf 'unknown: %s\n' "curl here signs no requests: $(curl --version | head -n 1)" && exit 0 ;;
  35) [[ $(<"$STORE_SAID") != *'wrong version number'* ]] || refused 'no TLS is spoken at that port' 'give the port of HTTPS, in kubernetes.snapshots.s3.endpoint' ;;
  60) refused 'its certificate is not trusted for this name' 'give the certificate of its authority as kubernetes.snapshots.s3.ca, and a name that is in its own as kubernetes.snapshots.s3.endpoint' ;;
  esac
  away
}

# Before 7.87 curl leaves a header out of the signature that stores want in it: https://github.com/curl/curl/pull/9804
signs_well() { [ "$(printf '%s\n' 7.87 "$(curl --version | sed -n 's/^curl \([0-9.]*\).*/\1/p;q')" | sort -V | head -n 1)" = 7.87 ]; }

not_done() {
  local code
  code=$(said_of Code)
  case $STATUS:$code in
  5* | 429:* | 408:*) away ;;
  *:RequestTimeTooSkewed) refused "this host's clock is another" 'see why its time is not kept: timedatectl' ;;
  *:NoSuchBucket) refused "there is no bucket $S3_BUCKET" 'make it, or give the name of one that there is as kubernetes.snapshots.s3.bucket' ;;
  *:AuthorizationHeaderMalformed | *:PermanentRedirect | 301:* | 307:*) refused "the bucket is in another region than $S3_REGION" 'give its region and the endpoint of that region, as kubernetes.snapshots.s3.region and endpoint' ;;
  403:*) signs_well || { printf 'unknown: %s\n' "curl here is too old to sign as stores want it: $(curl --version | head -n 1 | cut -d' ' -f1-2)" && exit 0; } ;;&
  *:SignatureDoesNotMatch | *:InvalidAccessKeyId | 401:*) refused 'it does not know these keys' "$KEYS" ;;
  403:*) refused 'these keys may not do it' "let them list, read, write and delete below $S3_FOLDER/ in $S3_BUCKET, or give others: $KEYS" ;;
  *) refused 'it does not answer as an object store does' 'see that kubernetes.snapshots.s3.endpoint leads to one' ;;
  esac
}

# try STEP METHOD [OPTION OF CURL…]
try() {
  ask "$@"
  [ "$CURL" -eq 0 ] || not_answered
  [[ $STATUS == 2* ]] || not_done
}

printf 'of %s at %s, %s\n' "$NODE" "$(date -u '+%F %T')" "$(head -c 12 /dev/urandom | base64)" >"$STORE_SENT"
try write PUT --data-binary "@$STORE_SENT" -H 'content-type: application/octet-stream'
try 'read back' GET
cmp -s "$STORE_SENT" "$STORE_ANSWER" || refused 'what comes back is not what was written' "see who else writes to $S3_BUCKET, and that kubernetes.snapshots.s3.folder is of this cluster alone"
ask 'delete' DELETE
printf 'in order\n'
if [ "$CURL" -ne 0 ] || [[ $STATUS != 2* ]]; then printf 'note: %s deletes nothing (%s): older snapshots stay there\n' "$S3_ENDPOINT" "$(words)"; fi
