"""The notebooks: run from a clean kernel, kept without outputs, and with nothing but the public names."""

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import spatial
from tests.amount import long

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
# What is to be seen in each: kinds of output, and words.
SHOWN = {
    "01": ({"image/png", "text/html"}, ("srcdoc=", "meeting spaces of")),
    "02": ({"image/png", "text/html"}, ("geofa.punkt",)),
    "03": ({"image/png", "text/html"}, ("counts",)),
    "04": ({"image/png", "text/html"}, ("srcdoc=", "homes get worse")),
    "05": ({"text/html"}, ("Green near: ",)),
    "06": ({"text/html"}, ()),
}
OTHERS = {"pathlib", "tempfile", "pandas", "geopandas", "numpy", "folium"}


def cells(path, kind="code"):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_without_outputs(path):
    assert all(not cell.outputs and cell.execution_count is None for cell in cells(path))
    done = subprocess.run([sys.executable, "-m", "nbstripout", "--verify", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_calls_nothing_but_public_names(path):
    code = "\n".join(line for cell in cells(path) for line in cell.source.splitlines() if not line.startswith("%"))
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {name.name for name in node.names} <= {"spatial", *OTHERS}
        elif isinstance(node, ast.ImportFrom):
            assert node.module in OTHERS
        elif isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_")
            if isinstance(node.value, ast.Name) and node.value.id == "spatial":
                assert node.attr in spatial.__all__
    named = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert named <= {"green_near"}  # the indicator; a notebook defines nothing else of its own


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_leads_on_to_one_that_is_there(path):
    text = "\n".join(cell.source for cell in cells(path, "markdown"))
    following = NOTEBOOKS[NOTEBOOKS.index(path) + 1 : NOTEBOOKS.index(path) + 2]
    for other in following:
        assert f"]({other.name})" in text


@pytest.mark.notebook
@pytest.mark.parametrize(
    "path", [path if path.stem.startswith("05") else long(path) for path in NOTEBOOKS], ids=lambda path: path.stem
)
def test_it_runs_from_a_clean_kernel_and_shows_what_it_says(path):
    script = ROOT / "docs" / "run_notebooks.py"
    done = subprocess.run([sys.executable, script, path], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    outputs = [output for cell in cells(Path(done.stdout.strip())) for output in cell.outputs]
    assert outputs and not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"], "something was warned of"
    kinds, words = SHOWN[path.name[:2]]
    assert kinds <= {kind for output in outputs for kind in output.get("data", {})}
    said = "".join(
        str(output.get("text", "")) + "".join(map(str, output.get("data", {}).values())) for output in outputs
    )
    assert all(word in said for word in words)
