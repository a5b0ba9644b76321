# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # parts of a script are joined, and parameters come before: see ../scripts.ts
# What the API, etcd and other hosts say is input: a kubelet writes any annotation of its own Node, newlines included. It is
# read as rows whose fields nobody can forge, and a field counts only where it is of the form that belongs there.

# How kubectl prints a field: quoted as Go does it, so that a tab or newline within it is an escape (`%q` in
# https://pkg.go.dev/fmt). Fields are then told apart by real tabs, and rows by real newlines.
# shellcheck disable=SC2016 # what stands there is Go's
FIELD='{{define "field"}}{{with .}}{{printf "%q" (print .)}}{{else}}""{{end}}{{"\t"}}{{end}}'

# What names and keys are made of, as the API server has it (apimachinery/pkg/util/validation), as extended regular expressions.
NAME_FORM='[a-z0-9]([-a-z0-9.]*[a-z0-9])?'
KEY_FORM='([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?'
VALUE_FORM='([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?'
TIME_FORM='[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+([.][0-9]+)?(Z|[-+][0-9]+:[0-9]+)'
ADDRESS_FORM='[0-9a-f.:]+'

# is_of FORM TEXT
is_of() { [[ $2 =~ ^($1)$ ]]; }

# rows FORM…: from fields as above, one row a line, to fields between `|`. Nothing stands in place of what is not of its form.
rows() {
  local IFS=$'\t'
  forms="$*" awk -F'\t' '
    BEGIN { count = split(ENVIRON["forms"], forms, "\t") }
    NF > 1 {
      row = ""
      for (i = 1; i <= count; i++) {
        field = $i
        if (field !~ /^"[^"\\|]*"$/) field = "\"\""
        field = substr(field, 2, length(field) - 2)
        if (field !~ ("^(" forms[i] ")$")) field = ""
        row = row (i > 1 ? "|" : "") field
      }
      print row
    }'
}

# escaped TEXT: as it stands between double quotes, in JSON and in curl's configuration.
escaped() {
  local text=${1//\\/\\\\}
  printf %s "${text//\"/\\\"}"
}

# json_leaves: JSON on standard input as one line a leaf: its path, a tab, its value. Strings keep their escapes, so that a
# line is a leaf. Fails where it is no JSON. For answers of a few KiB; hosts need no jq.
json_leaves() {
  awk '
    function refuse() { refused = 1; exit 1 }
    function leaf(value) { print substr(path[depth], 2) "\t" value; expected = "," }
    function open(kind) { depth++; kinds[depth] = kind; counts[depth] = 0; under[depth] = path[depth - 1]; path[depth] = under[depth] }
    { text = text $0 "\n" }
    END {
      if (refused) exit 1
      expected = "value"; path[0] = ""
      while (length(text) > 0) {
        if (match(text, /^[ \t\r\n]+/)) { text = substr(text, RLENGTH + 1); continue }
        if (match(text, /^"([^"\\\001-\037]|\\["\\\/bfnrtu])*"/)) token = "string"
        else if (match(text, /^(-?[0-9][-+.0-9eE]*|true|false|null)/)) token = "plain"
        else if (match(text, /^[][{}:,]/)) token = substr(text, 1, 1)
        else refuse()
        value = substr(text, 1, RLENGTH); text = substr(text, RLENGTH + 1)
        if (token == "string") value = substr(value, 2, length(value) - 2)
        if (depth > 0 && kinds[depth] == "[" && expected == "value" && token != "]") path[depth] = under[depth] "." counts[depth]++
        if (expected == "key" && token == "string") { gsub(/[.]/, "\\u002e", value); path[depth] = under[depth] "." value; expected = ":" }
        else if (expected == ":" && token == ":") expected = "value"
        else if (expected == "value" && (token == "string" || token == "plain")) leaf(value)
        else if (expected == "value" && token == "{") { open("{"); expected = "key" }
        else if (expected == "value" && token == "[") { open("["); expected = "value" }
        else if (token == "}" && kinds[depth] == "{" && (expected == "," || expected == "key")) { depth--; expected = "," }
        else if (token == "]" && kinds[depth] == "[" && (expected == "," || expected == "value")) { depth--; expected = "," }
        else if (token == "," && expected == "," && depth > 0) expected = (kinds[depth] == "{" ? "key" : "value")
        else refuse()
      }
      if (depth > 0 || expected != ",") exit 1
    }'
}
