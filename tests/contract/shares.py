"""Who tries what in a short run: each tag by the first of the users who may do the most of it. Prints a line for each user with a share: the
number of operations, the user, and their tags. Without a token nothing is theirs alone."""

import json
import pathlib
import sys
from collections import Counter, defaultdict

root = pathlib.Path(__file__).parents[2]
people = json.loads((root / "data/demo/plan-1186/users.json").read_text(encoding="utf-8"))
roles = {person["username"]: {grant["role"] for grant in person["grants"]} for person in people}
contract = json.loads((root / "openapi/openapi.json").read_text(encoding="utf-8"))
tags = {o["operationId"]: o["tags"][0] for item in contract["paths"].values() for o in item.values()}
size = Counter(tags.values())

may = defaultdict(Counter)
for line in (root / "openapi/operations.txt").read_text(encoding="utf-8").splitlines():
    _, operation, _, *allowed = [part for part in line[7:].split("  ") if part]
    for user in sys.argv[1:]:
        names = {role.split("(")[0] for role in " ".join(allowed).split()}
        may[tags[operation]][user] += "anyone" in names or bool(names & roles.get(user, set()))

shares = defaultdict(list)
for tag in size:
    shares[max(sys.argv[1:], key=lambda user: may[tag][user])].append(tag)
for user, own in shares.items():
    print(sum(size[tag] for tag in own), user, *own)
