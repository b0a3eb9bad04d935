#!/bin/sh
# Plans the access configuration and reviews permissions, without changing the server. Writes the results to evidence/; evidence/status
# contains "drift" or "clean". Fails if the plan or the review fails.
set -eu

today=$(date -u +%F)
rm -rf evidence
mkdir evidence

terraform -chdir=access-as-code init -input=false -no-color
plan=0
terraform -chdir=access-as-code plan -input=false -no-color -lock=false -detailed-exitcode >evidence/plan.txt || plan=$?
if [ "$plan" -ne 0 ] && [ "$plan" -ne 2 ]; then
  cat evidence/plan.txt
  exit "$plan"
fi

terraform -chdir=permission-review init -input=false -no-color
terraform -chdir=permission-review apply -input=false -no-color -auto-approve -var "today=$today" >evidence/checks.txt
read_output() { terraform -chdir=permission-review output "$@"; }
read_output -raw html >evidence/review.html
read_output -raw markdown >evidence/review.md
read_output -raw snapshot >evidence/review.json
read_output -raw changes >evidence/changes.md
read_output -json violations >evidence/violations.json
read_output -json decisions >evidence/decisions.json
changed=$(read_output -raw changed)

status=clean
if [ "$plan" -eq 2 ] || [ "$changed" = true ] || [ "$(cat evidence/violations.json)" != '{}' ]; then
  status=drift
fi
echo "$status" >evidence/status

# Text of the issue. Lines that could contain Markdown are indented, and long output is truncated.
{
  echo "Access was checked on $today."
  if [ "$plan" -eq 2 ]; then
    printf '\n## Plan of the access configuration\n\n'
    head -c 20000 evidence/plan.txt | sed 's/^/    /'
    echo
  fi
  printf '\n## Changes since the committed review\n\n'
  head -c 20000 evidence/changes.md
  printf '\n## Violations\n\n    '
  head -c 20000 evidence/violations.json
  echo
} >evidence/issue.md
echo "Result: $status"
