"""Every use of a name of TensorFlow in a program, whatever it is called there."""

import ast
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kerasrun.runs.old_programs.scope import Scope, target_names

_PACKAGES = {"tensorflow", "tensorflow_estimator"}
_MAY_BE_MISSING = {"ImportError", "ModuleNotFoundError", "AttributeError", "Exception"}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Use(NamedTuple):
    """One use.

    Attributes:
        name: The full name, such as `tensorflow.estimator.Estimator`; of a method of an object
            that is not known, its name alone.
        keyword: The keyword argument that is given to it, where that is what is meant.
        line: Counted from 1.
        column: Counted from 1, in characters.
        method: Whether it is the method of an object.
        guarded: Whether the program goes on if there is no such name.
    """

    name: str
    keyword: str
    line: int
    column: int
    method: bool = False
    guarded: bool = False


def uses_in(tree: ast.Module, lines: Sequence[str]) -> list[Use]:
    """Finds them, by the order of their places.

    Imports, aliases (`est = tf.estimator`), chains of attributes, and `getattr` with a literal
    are followed within the file; a local name that hides one of them is respected.

    Args:
        tree: The program.
        lines: Its lines, which turn the parser's bytes into columns.
    """
    walker = _Walker(lines)
    walker.walk(tree)
    return sorted(walker.found, key=lambda use: (use.line, use.column))


class _Walker(ast.NodeVisitor):
    """Goes through the statements in order, functions after what surrounds them."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.found: list[Use] = []
        self._lines = lines
        self._scope = Scope()
        self._waiting: list[tuple[Scope, Sequence[ast.AST]]] = []
        self._guarded = False

    def walk(self, tree: ast.Module) -> None:
        self._visit_all(tree.body)
        while self._waiting:
            self._scope, nodes = self._waiting.pop(0)
            self._visit_all(nodes)

    # names

    def full_name(self, node: ast.AST) -> str | None:
        """What an expression stands for; None if it is nothing of TensorFlow's."""
        match node:
            case ast.Name(id=name):
                return self._scope.find(name)
            case ast.Attribute(value=value, attr=attr):
                below = self.full_name(value)
                return f"{below}.{attr}" if below else None
            case ast.Call(
                func=ast.Name(id="getattr"),
                args=[value, ast.Constant(value=str(attr)), *_],
            ):
                below = self.full_name(value)
                return f"{below}.{attr}" if below else None
            case ast.Call(
                func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                return name if _of_tensorflow(name) else None
            case ast.NamedExpr(value=value):
                return self.full_name(value)
        return None

    def _use(self, node: ast.AST, name: str, keyword: str = "", *, method: bool = False) -> None:
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        column = len(text.encode()[:offset].decode(errors="replace")) + 1
        self.found.append(Use(name, keyword, line, column, method, self._guarded))

    def visit_Name(self, node: ast.Name) -> None:
        name = self.full_name(node)
        if name and isinstance(node.ctx, ast.Load):
            self._use(node, name)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = self.full_name(node)
        if name:
            self._use(node, name)
            return
        root = self._root(node.value)
        if not root.startswith("tensorflow.compat.v1."):
            self._use(node, node.attr, method=True)
        self.visit(node.value)

    def _root(self, node: ast.AST) -> str:
        """The name that a chain of calls and attributes begins with."""
        while not (name := self.full_name(node)):
            match node:
                case ast.Attribute(value=inner) | ast.Call(func=inner) | ast.Subscript(value=inner):
                    node = inner
                case _:
                    return ""
        return name

    def visit_Call(self, node: ast.Call) -> None:
        if name := self.full_name(node):
            self._use(node, name)
            return
        if called := self.full_name(node.func):
            for keyword in node.keywords:
                if keyword.arg:
                    self._use(keyword, called, keyword.arg)
        self.generic_visit(node)

    # what binds names

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if not _of_tensorflow(alias.name):
                self._scope.bind(alias.asname or alias.name.partition(".")[0], None)
                continue
            self._use(alias, alias.name)
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            self._scope.bind(alias.asname or whole, whole)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        for alias in node.names:
            if node.level or not _of_tensorflow(module):
                self._scope.bind(alias.asname or alias.name, None)
                continue
            name = module if alias.name == "*" else f"{module}.{alias.name}"
            self._use(alias, name)
            if alias.name != "*":
                self._scope.bind(alias.asname or alias.name, name)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value:
            self.visit(node.value)
            self._assign(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._assign(node.target, node.value)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if (
            isinstance(target, ast.Tuple)
            and isinstance(value, ast.Tuple)
            and len(target.elts) == len(value.elts)
        ):
            for one, its_value in zip(target.elts, value.elts, strict=True):
                self._assign(one, its_value)
        elif isinstance(target, ast.Name):
            self._scope.bind(target.id, self.full_name(value))
        else:
            self._hide(target)
            self.visit(target)

    def _hide(self, *targets: ast.AST) -> None:
        for name in target_names(targets):
            self._scope.bind(name, None)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._hide(node.target)
        self._visit_all([*node.body, *node.orelse])

    visit_AsyncFor = visit_For

    def visit_withitem(self, node: ast.withitem) -> None:
        self.visit(node.context_expr)
        if node.optional_vars:
            self._hide(node.optional_vars)

    # branches

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        with self._scope.unsure():
            self._visit_all([*node.body, *node.orelse])

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        before = self._guarded
        self._guarded = before or any(map(_catches_what_is_missing, node.handlers))
        self._visit_all(node.body)
        self._guarded = before
        self._visit_all(node.orelse)
        with self._scope.unsure():
            self._visit_all(node.handlers)
        self._visit_all(node.finalbody)

    visit_TryStar = visit_Try

    # scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit_all(node.decorator_list)
        self.visit(node.args)
        if node.returns:
            self.visit(node.returns)
        self._scope.bind(node.name, None)
        self._waiting.append((self._scope.function(_parameters(node.args)), node.body))

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self._waiting.append((self._scope.function(_parameters(node.args)), [node.body]))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        self._scope.bind(node.name, None)
        outside, self._scope = self._scope, self._scope.of_class()
        self._visit_all(node.body)
        self._scope = outside

    def generic_visit(self, node: ast.AST) -> None:
        if not isinstance(node, _COMPREHENSIONS):
            super().generic_visit(node)
            return
        outside, self._scope = self._scope, self._scope.function([])
        for part in node.generators:
            self.visit(part.iter)
            self._hide(part.target)
            self._visit_all(part.ifs)
        elements = (getattr(node, name, None) for name in ("elt", "key", "value"))
        self._visit_all([one for one in elements if one])
        self._scope = outside

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _of_tensorflow(module: str) -> bool:
    return module.partition(".")[0] in _PACKAGES


def _parameters(arguments: ast.arguments) -> list[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    starred = [one for one in (arguments.vararg, arguments.kwarg) if one]
    return [one.arg for one in [*every, *starred]]


def _catches_what_is_missing(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & _MAY_BE_MISSING)
