#!/bin/sh
# Keeps one GitLab issue open while there is drift, and closes it when there is none. Reads the results in evidence/.
# Requires curl, jq, and GITLAB_TOKEN: a project access token with the scope "api". The job token cannot write issues.
set -eu

label=access-drift
status=$(cat evidence/status)
issues=$CI_API_V4_URL/projects/$CI_PROJECT_ID/issues
request() { curl --fail --silent --show-error --header "PRIVATE-TOKEN: $GITLAB_TOKEN" "$@"; }

found=$(request "$issues?state=opened&labels=$label&per_page=1")
issue=$(printf '%s' "$found" | jq -r '.[0].iid // empty')

if [ "$status" = drift ] && [ -z "$issue" ]; then
  request --request POST "$issues" --data-urlencode 'title=Access drift' --data-urlencode "labels=$label" \
    --data-urlencode 'description@evidence/issue.md' >/dev/null
elif [ "$status" = drift ]; then
  request --request PUT "$issues/$issue" --data-urlencode 'description@evidence/issue.md' >/dev/null
elif [ "$status" = clean ] && [ -n "$issue" ]; then
  request --request POST "$issues/$issue/notes" --data-urlencode "body=No drift on $(date -u +%F)." >/dev/null
  request --request PUT "$issues/$issue" --data-urlencode 'state_event=close' >/dev/null
fi
