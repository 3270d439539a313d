# A nightly export, for cron: a second try in 15 minutes if the service could not be reached, and
# nothing printed unless both failed.
try() { customers export customers.jsonl "$@" > export.log 2>&1; }
try || { [ $? -eq 5 ] && sleep 900 && try --resume; } || { cat export.log; exit 1; }
