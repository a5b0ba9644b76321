# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# The snapshots that upgrades take, `before-VERSION`: none has the name of another, so k3s' own retention never takes one away.

# The last upgrade's and two more: k3s goes back one minor version at a time, and what is older than three upgrades
# lacks months of what was written since.
WAYS_BACK=3

# Those of ours, and none that a person called `before-…`.
WAY_BACK_FORM='before-v1\.[0-9]+\.[0-9]+(-rc[0-9]+)?-k3s[0-9]+-.+-[0-9]+(\.zip)?'

# older_ways_back: from what `k3s etcd-snapshot ls` prints, those that may go: as many newer ones as are kept are on this disk
# and, if it is in the object store, too, there. k3s takes away what has one name from both.
older_ways_back() {
  awk -v keep="$WAYS_BACK" -v form="^$WAY_BACK_FORM\$" '
    BEGIN { places["disk"]; places["store"] }
    $1 !~ form { next }
    {
      made = $1; sub(/\.zip$/, "", made); sub(/.*-/, "", made)
      where = ($2 ~ /^s3:/) ? "store" : "disk"
      time[$1] = made + 0; there[where, $1]; names[$1]
    }
    END {
      for (name in names) {
        goes = 1
        for (where in places) {
          if (!((where, name) in there)) continue
          newer = 0
          for (other in names) if ((where, other) in there && (time[other] > time[name] || (time[other] == time[name] && other > name))) newer++
          if (newer < keep) goes = 0
        }
        if (goes) print name
      }
    }' | sort
}

# After an upgrade. That an old snapshot stays is no failure of it.
prune_ways_back() {
  local listed old
  listed=$(k3s etcd-snapshot ls 2>/dev/null 9>&-) || { say 'older snapshots of upgrades stay: k3s lists none now'; return 0; }
  mapfile -t old < <(older_ways_back <<<"$listed")
  [ "${#old[@]}" -gt 0 ] || return 0
  say "lets go of ${#old[@]} snapshots of older upgrades"
  logged prune k3s etcd-snapshot delete "${old[@]}" || say "they stay: see the lines above, and why with k3s etcd-snapshot ls"
}
