#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# Before the token is rotated: the next one lies on every server, and one that starts after the rotation takes it by
# itself. Or a power cut before all were restarted would leave servers that cannot start, and no majority to ask.
lock
known=$(token_here)
if [ -z "$known" ] || [ "$known" = "$SERVER_TOKEN" ]; then exit 0; fi
step 'lay the next token ready'
put "$NEXT_TOKEN" 0600 "$SERVER_TOKEN"
put "$NEXT_TOKEN_UNIT" 0644 "[Service]
ExecStartPre=-/bin/sh -c 'grep -qaF $(token_key "$SERVER_TOKEN") $ETCD_FILE && cp -p $NEXT_TOKEN $K3S_ETC/token.isthmus && sync $K3S_ETC/token.isthmus && mv -f $K3S_ETC/token.isthmus $K3S_ETC/token'
"
systemctl daemon-reload 9>&-
