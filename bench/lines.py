"""Count code lines of each package: no docstring, no comment, no blank line."""

import ast
import io
import tokenize
from pathlib import Path
from statistics import median, quantiles

SOURCES = Path(__file__).resolve().parents[1] / "src"
LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def docstring_lines(tree: ast.Module) -> set[int]:
    """Lines that docstrings stand in."""
    owners = [n for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.ClassDef, *DEFINITIONS))]
    texts = [n.body[0] for n in owners if ast.get_docstring(n, clean=False) is not None]
    return {line for text in texts for line in range(text.lineno, text.end_lineno + 1)}


def code_lines(source: str) -> set[int]:
    """Lines that hold code."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    held = (range(t.start[0], t.end[0] + 1) for t in tokens if t.type not in LAYOUT)
    return {line for lines in held for line in lines} - docstring_lines(ast.parse(source))


def main() -> None:
    """Print lines and modules a package and folder, and how long functions are."""
    rows, functions = {}, []
    for path in sorted(SOURCES.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        lines = code_lines(source)
        inside = path.relative_to(SOURCES).parts
        for folder in {inside[0], "/".join(inside[:2]) if len(inside) > 2 else inside[0]}:
            counted, modules = rows.get(folder, (0, 0))
            rows[folder] = counted + len(lines), modules + 1
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, DEFINITIONS):
                functions.append(len(lines & set(range(node.lineno, node.end_lineno + 1))))
    for folder, (lines, modules) in sorted(rows.items()):
        print(f"{lines:7,} {modules:4} modules  {folder}")
    long = quantiles(functions, n=10)[8]
    print(f"functions: median {median(functions):.0f}, 90th percentile {long:.0f} lines")


if __name__ == "__main__":
    main()
