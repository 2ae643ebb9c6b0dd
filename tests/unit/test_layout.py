"""The rules of the layout, read from the imports themselves."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"rackwright", "tasks", "lab", "bench", "inventory", "deploy"}


def imported(path: Path) -> set[str]:
    """Top-level names of every module that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {node.module or ""}
    return {name.split(".")[0] for name in names}


def files(folder: str) -> list[Path]:
    """All Python files below a folder of the project."""
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"no file in {folder}"
    return found


@pytest.mark.parametrize("path", files("inventory"), ids=str)
def test_the_inventory_is_data(path: Path) -> None:
    assert not imported(path) & OURS


@pytest.mark.parametrize("path", files("rackwright"), ids=str)
def test_rackwright_imports_no_task(path: Path) -> None:
    assert imported(path) & OURS <= {"rackwright"}


# What is called by name puts tasks into an order; what it puts into order knows no other task.
COMMANDS = {"converge", "every", "purge", "upgrade", "workload"}


@pytest.mark.parametrize("path", files("tasks"), ids=str)
def test_tasks_do_not_import_each_other(path: Path) -> None:
    assert imported(path) & OURS <= {"rackwright"} | ({"tasks"} if path.stem in COMMANDS else set())


@pytest.mark.parametrize("path", files("lab"), ids=str)
def test_the_lab_shares_no_code_with_what_it_tests(path: Path) -> None:
    assert imported(path) & OURS <= {"lab"}


@pytest.mark.parametrize("path", files("tasks"), ids=str)
def test_a_task_is_short_and_has_one_function_of_its_name(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) <= 80
    functions = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    assert functions == ([] if path.stem == "__init__" else [path.stem])
