"""Reads the output of "go test -json": prints the packages and what went
wrong, and fails if a test failed or was skipped, or if there was none.

Comparisons with published samples may be skipped where there are none: they
are not part of the repository. With PENSTOCK_SAMPLES they may not."""

import collections
import json
import os
import sys

output = collections.defaultdict(list)
passed, failed, skipped, without = 0, [], [], []
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    try:
        event = json.loads(line)
    except ValueError:
        print(line, end="")
        continue
    action = event["Action"]
    # Trouble of the compiler carries ImportPath and no Package.
    name = (event.get("Package") or event.get("ImportPath", ""), event.get("Test", ""))
    if action in ("output", "build-output"):
        output[name].append(event["Output"])
    elif action == "build-fail":
        failed.append(name)
    elif action == "pass":
        if name[1]:
            passed += 1
        else:
            print(f"ok   {event.get('Elapsed', 0):6.1f} s  {name[0]}")
    elif action == "fail":
        failed.append(name)
    elif action == "skip" and name[1]:
        optional = name[1].endswith("Samples") and not os.environ.get("PENSTOCK_SAMPLES")
        (without if optional else skipped).append(name)

for package, test in failed:
    print(f"FAIL {package} {test}")
    sys.stdout.writelines(output[package, test][-200:])
for package, test in skipped:
    print(f"SKIPPED {package} {test}")
    sys.stdout.writelines(output[package, test])
for package, test in without:
    print(f"without samples: {package} {test}")
print(f"{passed} tests passed, {len(failed)} failed, {len(skipped)} skipped")
sys.exit(1 if failed or skipped or not passed else 0)
