#!/bin/sh
# Reports to Shiplog what a step of Bitbucket Pipelines deploys. Variables: pipe.yml. An unreachable Shiplog fails no step.
set -u

fail() {
  echo "tell-shiplog: $1" >&2
  exit 1
}

[ -n "${SHIPLOG_URL:-}" ] || fail 'SHIPLOG_URL is not set: the address of Shiplog, such as https://shiplog.example.com'
[ -n "${SHIPLOG_BITBUCKET_SECRET:-}" ] || fail 'SHIPLOG_BITBUCKET_SECRET is not set: give it the secured variable of the repository'
[ -n "${BITBUCKET_DEPLOYMENT_ENVIRONMENT:-}" ] || fail 'the step has no "deployment:", so that it deploys nowhere'

# The clone belongs to another user than that of the pipe.
from_git() {
  git -c safe.directory="${BITBUCKET_CLONE_DIR:-.}" -C "${BITBUCKET_CLONE_DIR:-.}" log -1 --pretty="$1" 2>/dev/null
}

# In after-script the step has ended, and Bitbucket gives its exit code; in script it has only begun.
BITBUCKET_EXIT_CODE=${EXIT_CODE:-${BITBUCKET_EXIT_CODE:-}}
export BITBUCKET_EXIT_CODE

message=$(from_git %B | head -c 9999) # the whole of a long one would not fit into an argument
body=$(jq -nc --arg message "$message" --arg author "$(from_git %an)" '
  env | {
    BITBUCKET_COMMIT, BITBUCKET_BRANCH, BITBUCKET_TAG, BITBUCKET_PR_ID, BITBUCKET_BUILD_NUMBER,
    BITBUCKET_PIPELINE_UUID, BITBUCKET_STEP_UUID, BITBUCKET_STEP_RUN_NUMBER, BITBUCKET_STEP_TRIGGERER_UUID,
    BITBUCKET_REPO_FULL_NAME, BITBUCKET_REPO_UUID, BITBUCKET_DEPLOYMENT_ENVIRONMENT, BITBUCKET_EXIT_CODE
  } + {commit_message: $message, commit_author: $author}
  | with_entries(select(.value != null and .value != ""))') || fail 'jq could not write the body'
signature=$(printf %s "$body" | openssl dgst -sha256 -hmac "$SHIPLOG_BITBUCKET_SECRET" | sed 's/^.* //')

printf %s "$body" | curl -fsS --max-time 10 --retry 3 \
  -H 'Content-Type: application/json' -H "X-Hub-Signature: sha256=$signature" \
  --data-binary @- "${SHIPLOG_URL%/}/webhooks/${SOURCE:-bitbucket}" || echo 'The deployment was not reported to Shiplog'
