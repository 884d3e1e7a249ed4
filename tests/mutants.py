"""Mutation testing of the code that matters: `make test-mutants`, by Cosmic Ray.

Each mutant is one small change of one module (a comparison, a number one up or down, an operator,
a condition the other way round, an exception not caught, a loop without a turn), made in a copy of
the working tree, and the module's own tests run on it. What no test notices is listed. Results
stay in `mutants/`: a run that was stopped goes on, and what survived is tried again, for there may
be a new test. Delete the folder to begin anew.

Mutants that change nothing that anybody could see stand in `equivalent_mutants.txt`, each with the
reason; they are not run.
"""

import argparse
import difflib
import os
import queue
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from attrs import evolve
from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_and_test, mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkItem, WorkResult

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "mutants"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")
MEMORY = Path("/dev/shm")
"""Where copies and temporary files lie, if there is such a place: most tests wait for the disk."""
MOST_MEMORY = 16 << 30
"""Bytes of addresses that a mutant may ask for: some never end."""

Change = tuple[str, ...]
"""Module, definition, and the lines that a mutant takes away ("- ...") and adds ("+ ...")."""

OPERATORS = re.compile(
    "core/("
    "ReplaceComparisonOperator_(Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt"
    "|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is)"
    "|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Add|Pow_Mul"
    "|BitXor_BitOr|BitAnd_BitOr)"
    "|ReplaceUnaryOperator_(USub_UAdd|Delete_Not)"
    "|AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr|ReplaceOrWithAnd"
    "|ReplaceBreakWithContinue|ReplaceContinueWithBreak"
    "|ExceptionReplacer|NumberReplacer|ZeroIterationForLoop)"
)
"""One neighbour and the opposite of each comparison, one other of each operator: of all that Cosmic
Ray knows these are the ones that no other of them implies. Types (`X | None`) stay as they are."""
DECLARATION = re.compile(r"\s*@.*|.*[(,]\s*\*\s*[,)].*|\s*\*,")
"""Lines that say what something is and do nothing: decorators, and where keywords begin."""

_CREDENTIALS = "tests/credentials/test_"
_SEALED = "tests/credentials/sealed/test_"
TESTS: dict[str, tuple[str, ...]] = {
    "credentials/attempts.py": (f"{_CREDENTIALS}attempts.py",),
    "credentials/boot_clock.py": (f"{_CREDENTIALS}attempts.py",),
    "credentials/sealed/database.py": (f"{_SEALED}database.py", f"{_CREDENTIALS}attempts.py"),
    "credentials/errors.py": (f"{_SEALED}files.py", f"{_CREDENTIALS}store.py"),
    "credentials/sealed/files.py": (f"{_SEALED}files.py", f"{_CREDENTIALS}store.py"),
    "credentials/hashing.py": (f"{_CREDENTIALS}hashing.py",),
    "credentials/policy.py": (f"{_CREDENTIALS}policy.py", f"{_CREDENTIALS}weak_pins.py"),
    "credentials/sealed/record_file.py": (f"{_CREDENTIALS}store.py", f"{_SEALED}resealing.py"),
    "credentials/sealed/resealing.py": (f"{_SEALED}resealing.py",),
    "credentials/sealed/seal.py": (f"{_SEALED}database.py", f"{_CREDENTIALS}store.py"),
    "credentials/sealed/transaction.py": (f"{_SEALED}database.py", f"{_CREDENTIALS}attempts.py"),
    "credentials/credential_record.py": (f"{_CREDENTIALS}store.py",),
    "credentials/store.py": (f"{_CREDENTIALS}store.py",),
    "credentials/attempt_rules.py": (f"{_CREDENTIALS}attempts.py",),
    "credentials/weak_pins.py": (f"{_CREDENTIALS}weak_pins.py",),
    "credentials/staff_attempts.py": ("tests/atm/staff/test_registry.py",),
    "atm/login/decision.py": ("tests/atm/login/test_login.py", "tests/atm/test_liveness_policy.py"),
    "atm/accounts/ledger.py": (
        "tests/atm/accounts/test_ledger.py",
        "tests/atm/accounts/test_ledger_model.py",
    ),
    "atm/login/login.py": ("tests/atm/login/test_login.py", "tests/atm/test_fail_closed.py"),
    "atm/login/pause.py": ("tests/atm/login/test_pause.py",),
    "atm/accounts/session.py": ("tests/atm/accounts/test_session.py",),
    "face_auth/enrolment.py": ("tests/face_auth/test_enrolment.py",
                               "tests/face_auth/liveness/test_check.py"),
    "face_auth/verification.py": ("tests/face_auth/test_verification.py",),
    "face_auth/liveness/request_time.py": ("tests/face_auth/liveness/test_challenge.py",),
    "face_auth/liveness/challenge.py": ("tests/face_auth/liveness/test_challenge.py",
                                        "tests/face_auth/liveness/test_check.py"),
    "face_auth/liveness/check.py": ("tests/face_auth/liveness/test_check.py",),
    "face_auth/liveness/cues.py": ("tests/face_auth/liveness/test_passive.py",),
    "face_auth/liveness/minifas.py": ("tests/face_auth/liveness/test_passive.py",),
    "face_auth/liveness/passive.py": ("tests/face_auth/liveness/test_passive.py",
                                      "tests/face_auth/liveness/test_check.py"),
    "face_auth/liveness/pose_change.py": ("tests/face_auth/liveness/test_challenge.py",),
    "face_auth/liveness/straight.py": ("tests/face_auth/liveness/test_challenge.py",),
    "face_auth/liveness/movements.py": ("tests/face_auth/liveness/test_challenge.py",),
}  # fmt: skip
"""The modules that are mutated, each with the tests that are to notice, the quickest first."""


@dataclass
class Module:
    """One module, its mutants, and what came of them so far."""

    path: str
    code: str
    results: WorkDB
    mutants: list[WorkItem]
    equivalent: int
    timeout_s: float = 0.0
    turn: threading.Lock = field(default_factory=threading.Lock)

    def found(self) -> dict[str, WorkResult]:
        """Return the results by mutant."""
        wanted = {mutant.job_id for mutant in self.mutants}
        return {job: result for job, result in self.results.results if job in wanted}

    def tried(self) -> dict[str, WorkResult]:
        """Return the results of those that are programs."""
        found = self.found().items()
        return {job: each for job, each in found if each.worker_outcome is WorkerOutcome.NORMAL}

    def left(self) -> list[WorkItem]:
        """Return what was not tried yet, and what survived when it was."""
        done = {job for job, result in self.found().items() if result.is_killed}
        return [mutant for mutant in self.mutants if mutant.job_id not in done]

    def keep(self, mutant: WorkItem, result: WorkResult) -> None:
        """Remember a result, at once: the run may be stopped."""
        with self.turn:
            self.results.set_result(mutant.job_id, result)


def opened(path: str, sample: int, seed: int, known: set[Change]) -> Module:
    """Make the mutants of a module, or find those that were made of the same text before."""
    code = (ROOT / path).read_text()
    digest = sha256(code.encode()).hexdigest()[:8]
    file = RESULTS / f"{path.removesuffix('.py').replace('/', '.')}-{digest}.sqlite"
    made = file.exists()
    results = WorkDB(file, WorkDB.Mode.create)
    if not made:
        os.chdir(ROOT)
        init([Path(path)], results, {})
    lines = code.splitlines()
    mutants = [
        each
        for each in results.work_items
        if OPERATORS.fullmatch(of(each).operator_name)
        and not DECLARATION.fullmatch(lines[of(each).start_pos[0] - 1])
    ]
    mutants.sort(key=lambda each: (of(each).start_pos, of(each).operator_name, of(each).occurrence))
    same = {each.job_id for each in mutants if known and change(code, of(each)) in known}
    mutants = [each for each in mutants if each.job_id not in same]
    if 0 < sample < len(mutants):
        mutants = random.Random(f"{seed} {path}").sample(mutants, sample)
    return Module(path, code, results, mutants, len(same))


def of(mutant: WorkItem) -> MutationSpec:
    """Return the one mutation of *mutant*."""
    (mutation,) = mutant.mutations
    return mutation


def mutated(code: str, mutation: MutationSpec) -> str | None:
    """Return the code with its mutation, None where that is no program."""
    try:
        made = mutate_code(code, get_operator(mutation.operator_name)(), mutation.occurrence)
        compile(made or "(", str(mutation.module_path), "exec")
    except Exception:  # Cosmic Ray trips over some handlers
        return None
    return str(made)


def change(code: str, mutation: MutationSpec) -> Change:
    """Return what a mutation of *code* changes."""
    lines = difflib.ndiff(code.splitlines(), (mutated(code, mutation) or code).splitlines())
    changed = (f"{line[0]} {line[2:].strip()}" for line in lines if line[0] in "-+")
    return (str(mutation.module_path), mutation.definition_name or "", *changed)


def equivalents() -> set[Change]:
    """Return the mutants that `equivalent_mutants.txt` names."""
    found = set()
    for block in EQUIVALENT.read_text().split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines:
            path, _, definition = lines[0].partition(" ")
            found.add((path, definition, *(line for line in lines if line[:2] in ("- ", "+ "))))
    return found


def command(copy: Path, path: str) -> str:
    """Return what runs the tests of a module on the copy of the working tree."""
    variables = f"TMPDIR={copy.parent} PYTEST_DISABLE_PLUGIN_AUTOLOAD=1"
    tests = " ".join(TESTS[path])
    return f"env -C {copy} {variables} {sys.executable} -m pytest -x -q -p no:cacheprovider {tests}"


def copied(folder: Path) -> Path:
    """Copy the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def work(copy: Path, waiting: "queue.SimpleQueue[tuple[Module, WorkItem] | None]") -> None:
    """Try one mutant after another on a copy of its own."""
    while (found := waiting.get()) is not None:
        module, mutant = found
        with module.turn:
            module.timeout_s = module.timeout_s or measured(copy, module)
        there = evolve(of(mutant), module_path=copy / module.path)
        if mutated(module.code, there) is None:
            result = WorkResult(WorkerOutcome.SKIPPED)
        else:
            result = mutate_and_test([there], command(copy, module.path), module.timeout_s)
        module.keep(mutant, result)
        print("." if result.is_killed else "S", end="", flush=True)


def measured(copy: Path, module: Module) -> float:
    """Return the seconds after which a mutant counts as one that never ends."""
    began = time.monotonic()
    done = subprocess.run(command(copy, module.path).split(), capture_output=True, text=True)
    if done.returncode:
        print(f"The tests of {module.path} fail without a mutant:\n{done.stdout[-3000:]}")
        os._exit(1)
    return 30 + 5 * (time.monotonic() - began)


def run(modules: list[Module], workers: int) -> None:
    """Try every mutant that is left."""
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="mutants-", dir=memory) as place:
        copies = [copied(Path(place) / str(number)) for number in range(workers)]
        waiting: queue.SimpleQueue[tuple[Module, WorkItem] | None] = queue.SimpleQueue()
        for module in modules:
            for mutant in module.left():
                waiting.put((module, mutant))
        for _ in copies:
            waiting.put(None)
        threads = [threading.Thread(target=work, args=(each, waiting)) for each in copies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print()


def report(modules: list[Module]) -> None:
    """Print killed of tried for each module, and what survived."""
    total: Counter[str] = Counter()
    for module in modules:
        tried = module.tried()
        killed = sum(result.is_killed for result in tried.values())
        total += Counter(killed=killed, tried=len(tried), equivalent=module.equivalent)
        print(f"{module.path:36} {killed:4} of {len(tried):4}, {module.equivalent} equivalent")
        for mutant in module.mutants:
            result = tried.get(mutant.job_id)
            if result is not None and result.test_outcome is TestOutcome.SURVIVED:
                path, definition, *lines = change(module.code, of(mutant))
                print("", f"{path} {definition}", *lines, sep="\n")
    share = total["killed"] / max(1, total["tried"])
    print(f"\nkilled {total['killed']} of {total['tried']} ({share:.1%}),", end=" ")
    print(f"besides {total['equivalent']} equivalent ones")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="paths or folders; all of the list by default")
    parser.add_argument("--sample", type=int, default=0, help="at most so many of each module")
    parser.add_argument("--seed", type=int, default=1, help="which ones a sample takes")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", action="store_true", help="run nothing, print what was found")
    given = parser.parse_args()
    paths = [each for each in TESTS if not given.modules or each.startswith(tuple(given.modules))]
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    RESULTS.mkdir(exist_ok=True)
    known = equivalents()
    modules = [opened(path, given.sample, given.seed, known) for path in paths]
    if not given.report:
        run(modules, given.workers)
    report(modules)


if __name__ == "__main__":
    main()
