#!/bin/sh
# Keeps one GitHub issue open while there is drift, and closes it when there is none. Reads the results in evidence/.
# Requires the GitHub CLI, and GH_TOKEN with write access to issues.
set -eu

label=access-drift
status=$(cat evidence/status)
issue=$(gh issue list --state open --label "$label" --limit 1 --json number --jq '.[].number')

if [ "$status" = drift ] && [ -z "$issue" ]; then
  gh label create "$label" --force --description 'Access differs from the configuration'
  gh issue create --title 'Access drift' --label "$label" --body-file evidence/issue.md
elif [ "$status" = drift ]; then
  gh issue edit "$issue" --body-file evidence/issue.md
elif [ "$status" = clean ] && [ -n "$issue" ]; then
  gh issue close "$issue" --comment "No drift on $(date -u +%F)."
fi
