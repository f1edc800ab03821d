"""What shares a fixture runs in one process: otherwise each of several processes would set it up again."""

from __future__ import annotations

import re
import subprocess
import sys

from cli.options import CHECKOUT, child_environment

FILES = ("tests/contracts/test_ids.py", "tests/contracts/test_money.py", "tests/contracts/test_iban.py")
RAN = re.compile(r"^\[(gw\d)\].* (tests/\S+\.py)::", re.MULTILINE)


def test_the_tests_of_a_file_run_in_one_process() -> None:
    """Asked of a real run: a change of pytest or xdist has undone this in silence before."""
    argv = (sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "-v", *FILES)
    ran = subprocess.run(argv, cwd=CHECKOUT, env=child_environment(), capture_output=True, text=True, check=True)

    workers: dict[str, set[str]] = {}
    for worker, file in RAN.findall(ran.stdout):
        workers.setdefault(file, set()).add(worker)
    assert workers.keys() == set(FILES)
    assert all(len(of_file) == 1 for of_file in workers.values())
    assert len(set.union(*workers.values())) == 2
