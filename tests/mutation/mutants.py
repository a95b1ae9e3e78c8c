"""Small changes to the code of functions, such as a slip of the hand would make: pure, on syntax trees.

A mutant is one change inside one function, nested functions included. Left alone are docstrings, annotations,
decorators, default values, and all that runs when a module is imported: it is mended or broken before any test begins.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef
_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    one: other
    for pair in (
        (ast.Eq, ast.NotEq),
        (ast.In, ast.NotIn),
        (ast.Is, ast.IsNot),
        (ast.And, ast.Or),
        (ast.Add, ast.Sub),
        (ast.Mult, ast.FloorDiv),
        (ast.BitOr, ast.BitAnd),
    )
    for one, other in (pair, pair[::-1])
} | {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change, in words and as it is made."""

    path: Path
    function: str
    """The outermost function that holds it, by its qualified name."""
    first_line: int
    """Of that function, its decorators included."""
    lines: range
    """Of the statement that changes; a test that runs none of them cannot tell."""
    before: str
    after: str
    tree: ast.Module
    owner: ast.AST
    field: str
    index: int | None
    """Where the owner's field is a list."""
    becomes: ast.AST

    def __str__(self) -> str:
        return f"{self.path.name}:{self.lines.start} {self.function}: {self.before} -> {self.after}"

    def code(self) -> CodeType:
        """The function's code with the change in it."""
        place: Any = vars(self.owner) if self.index is None else getattr(self.owner, self.field)
        key = self.field if self.index is None else self.index
        stood, place[key] = place[key], self.becomes
        ast.fix_missing_locations(self.tree)
        found = code_of(compile(self.tree, str(self.path), "exec"), self.first_line, self.function)
        place[key] = stood
        assert found is not None, self
        return found


def code_of(code: CodeType, first_line: int, name: str) -> CodeType | None:
    """What a function of that qualified name, beginning in that line, was compiled to."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if (constant.co_firstlineno, constant.co_qualname) == (first_line, name):
                return constant
            if (inner := code_of(constant, first_line, name)) is not None:
                return inner
    return None


def mutants(path: Path) -> Iterator[Mutant]:
    """All of one module, in the order of its lines."""
    tree = ast.parse(path.read_text("utf-8"))
    for name, function in _functions(tree.body):
        first_line = min([function.lineno, *(one.lineno for one in function.decorator_list)])
        for statement in _statements(function.body):
            for owner, field, index, node, becomes in _changes(statement):
                end = max(_end_of_head(statement), getattr(node, "end_lineno", 0))
                yield Mutant(
                    path=path,
                    function=name,
                    first_line=first_line,
                    lines=range(statement.lineno, end + 1),
                    before=_words(node, owner),
                    after=_words(becomes, owner),
                    tree=tree,
                    owner=owner,
                    field=field,
                    index=index,
                    becomes=becomes,
                )


def _functions(body: Iterable[ast.stmt], within: str = "") -> Iterator[tuple[str, Function]]:
    for node in body:
        if isinstance(node, Function):
            yield within + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{within}{node.name}.")


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Those of a function, nested ones after the one that holds them; no docstrings."""
    for statement in body:
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not is_text:
            yield statement
            yield from _statements(list(_inner_statements(statement)))


def _inner_statements(node: ast.AST) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _end_of_head(statement: ast.stmt) -> int:
    """The last line before the first statement inside; of a simple statement its last line."""
    inner = [one.lineno for one in _inner_statements(statement)]
    return max(min(inner) - 1, statement.lineno) if inner else statement.end_lineno or statement.lineno


_Change = tuple[ast.AST, str, int | None, ast.AST, ast.AST]
"""Owner, its field, the place in the field, what stands there, what is to stand there."""
_LEFT_ALONE = {ast.arguments, ast.ExceptHandler}
_NO_CODE = {"annotation", "returns", "decorator_list"}


def _changes(node: ast.AST) -> Iterator[_Change]:
    """Those in a statement's own words, not in the statements inside it."""
    match node:
        case (
            ast.Expr(value=ast.Call() as result)
            | ast.Return(value=ast.expr() as result)
            | ast.Assign(value=result)
        ):
            if not (isinstance(result, ast.Constant) and result.value is None):
                yield node, "value", None, result, ast.Constant(None)
    for field, value in ast.iter_fields(node):
        is_list = isinstance(value, list)
        for place, child in enumerate(value if is_list else [value]):
            if not isinstance(child, ast.AST) or isinstance(child, ast.stmt):
                continue
            if field in _NO_CODE or type(child) in _LEFT_ALONE:
                continue
            is_test = field in {"test", "ifs", "guard"}
            for other in _others(child, is_test=is_test):
                yield node, field, place if is_list else None, child, other
            yield from _changes(child)


def _others(node: ast.AST, *, is_test: bool) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    match node:
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Constant(value=bool(flag)):
            yield ast.Constant(not flag)
        case ast.Constant(value=int(number)):
            yield ast.Constant(number + 1)
        case ast.Constant(value=str(text)):
            yield ast.Constant(f"XX{text}")
        case ast.Constant(value=bytes(octets)):
            yield ast.Constant(b"XX" + octets)
        case ast.cmpop() | ast.boolop() | ast.operator() if type(node) in _SWAPPED:
            yield _SWAPPED[type(node)]()
        case ast.expr() if is_test and not isinstance(node, ast.Compare | ast.BoolOp):
            yield _negated(node)


def _negated(node: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), node)


def _words(node: ast.AST, owner: ast.AST) -> str:
    """Of an operator, what it joins; of code, itself."""
    if isinstance(node, ast.cmpop | ast.boolop | ast.operator):
        return f"{type(node).__name__} in {ast.unparse(owner)}"
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
