"""Tests that nothing at run time reads a pickle, a joblib or an HDF5 file, which can run code."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("atm", "credentials", "face_auth", "kiosk")
STARTS = ("gui.py", "atm/__main__.py")
UNSAFE = {"_pickle", "cloudpickle", "dill", "h5py", "joblib", "keras", "marshal", "pickle"}
UNSAFE |= {"pickletools", "shelve", "tables", "tensorflow", "torch"}

ENROL_AND_VERIFY = """
import sys

def watch(event, arguments):
    if event == "pickle.find_class":
        print("unpickled", arguments)

sys.addaudithook(watch)
import numpy as np
import gui, atm.machine, kiosk.main
from face_auth.recogniser import Recogniser
loaded = Recogniser.load()
print(sorted({"h5py", "joblib", "tensorflow", "torch"} & set(sys.modules)))
loaded.train("ada", loaded.cohort[:5]).svm.score(loaded.cohort[:1])
print("done")
"""


def imports(tree: ast.AST) -> set[str]:
    """Return every module that *tree* may import, inside functions too.

    What stands under ``if __name__ == "__main__"`` is a command of its own and left out.
    """
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        waiting.extend(ast.iter_child_nodes(node))
    return found


def source_of(module: str) -> Path | None:
    """Return the source file of one of our modules, None for any other."""
    if module.partition(".")[0] not in PACKAGES:
        return None
    path = ROOT / module.replace(".", "/")
    whole = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return whole if whole.exists() else None


def at_run_time() -> dict[Path, ast.Module]:
    """Return every source file that window or command line can reach."""
    found: dict[Path, ast.Module] = {}
    waiting = [ROOT / start for start in STARTS]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = ast.parse(path.read_text("utf-8"))
        reached = (source_of(module) for module in imports(found[path]))
        waiting.extend(each for each in reached if each is not None)
    return found


def test_no_module_at_run_time_imports_what_reads_such_files() -> None:
    reached = at_run_time()
    assert ROOT / "face_auth" / "gallery" / "gallery.py" in reached
    assert ROOT / "face_auth" / "models" / "card.py" in reached
    for path, tree in reached.items():
        used = {module.partition(".")[0] for module in imports(tree)}
        assert not used & UNSAFE, f"{path.relative_to(ROOT)} imports {used & UNSAFE}"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_np_load_forbids_pickles(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load"):
                given = {each.arg: ast.unparse(each.value) for each in node.keywords}
                assert given.get("allow_pickle") == "False", f"{path}:{node.lineno}"


def test_loading_the_models_and_training_a_template_unpickle_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENROL_AND_VERIFY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["[]", "done"]
