#!/usr/bin/env bash
# A disk that fills up while a job trains: a clear error, exit code 2, nothing lost, and the same result once there is
# room again. Mounts a small tmpfs in a namespace of its own, so it needs Linux with user namespaces (or root).
set -uo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
cairn=(node packages/cli/bin/cairn.js)

if [ "${1:-}" != inside ]; then
  exec unshare --user --map-root-user --mount "$0" inside
fi

fail() { echo "FAILED: $1"; exit 1; }
final() { grep -o '"finalStateRoot":"[0-9a-f]*"' | tail -1; }

room=$(mktemp -d)
mount -t tmpfs -o size=4m tmpfs "$room" || fail 'cannot mount a tmpfs'
trap 'umount "$room"; rm -rf "$room" "$job"' EXIT
job=$(mktemp -d)
seq 1 4000 >"$job/text.txt"
cat >"$job/job.yaml" <<'YAML'
apiVersion: cairn/v1
name: full disk
seed: 3
model: { kind: gpt, layers: 2, heads: 2, width: 32, context: 32 }
data: { kind: text, source: text.txt }
optimiser: { learningRate: 0.003 }
schedule: { replicas: 2, innerSteps: 10, rounds: 8, batch: 4 }
YAML

expected=$("${cairn[@]}" train "$job/job.yaml" --out "$job/out" --json | final)
[ -n "$expected" ] || fail 'training with enough room did not finish'

message=$("${cairn[@]}" train "$job/job.yaml" --out "$room/out" --keep all 2>&1)
code=$?
echo "$message" | tail -6
[ "$code" = 2 ] || fail "exit code $code instead of 2"
echo "$message" | grep -q '\[DiskFull\]' || fail 'no DiskFull error'
[ -z "$(find "$room" -name '*.tmp')" ] || fail 'unfinished files were left behind'

"${cairn[@]}" train "$job/job.yaml" --out "$room/out" --keep all --resume >/dev/null 2>&1
[ $? = 2 ] || fail 'resuming on a disk that is still full must fail the same way'

mount -o remount,size=64m "$room" || fail 'cannot enlarge the tmpfs'
found=$("${cairn[@]}" train "$job/job.yaml" --out "$room/out" --keep all --resume --json | final)
[ "$found" = "$expected" ] || fail "after more room: $found instead of $expected"
echo "passed: a full disk loses nothing ($found)"
