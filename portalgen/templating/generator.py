"""Templates as Python that runs faster than jinja2's own and writes the same.

What stands together is joined at once, attributes and items are read and macros called without a way around, a text is
escaped once however often it stands there, and what depends on nothing but the bundle and the type of its documents is
kept from one page to the next. Where that does not do, the code fails, and the template has to be rendered in jinja2's
own way: it has no effects besides its text, so nothing is lost by that.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from itertools import groupby
from keyword import iskeyword

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef

_LASTING = frozenset({"view", "root", "here", "listing", "number", "words", "parts"})
"""The variables that stay as they are from one page to the next, or nearly: a piece that needs no others is kept."""

_TRANSLATING = frozenset({"_", "gettext", "ngettext", "pgettext", "npgettext"})
"""Functions that are given the context besides their arguments."""

_FEW = 3
"""A piece that reads no more than so many attributes, and calls nothing, is as quickly made as found."""


class Generator(CodeGenerator):
    """Writes the code of one template, for an environment that has `texts`, `kept`, `keep`, `module` and `macro`."""

    _pieces = 0

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("texts = environment.texts")

    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:
        self.write(f"environment.macro({self._code(super().macro_def, macro_ref, frame).removeprefix('Macro(')}")

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        if frame.require_output_check or frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super().blockvisit(nodes, frame)
            return
        self.writeline("pass")
        for lasts, run in groupby(_units(nodes), lambda unit: frame.buffer is None and _lasts(unit)):
            together = [node for unit in run for node in unit]
            if lasts and any(map(_is_dear, together)):
                self._keep(together, frame)
            else:
                self._visit_each(together, frame)

    def _visit_each(self, together: Iterable[nodes.Node], frame: Frame) -> None:
        for is_text, run in groupby(together, _is_text):
            if is_text:
                self.simple_write(self._joined(run, frame), frame)
            else:
                super().blockvisit(run, frame)

    def _keep(self, together: Sequence[nodes.Node], frame: Frame) -> None:
        """Write what these write, made anew where something that it depends on is not what it was the last time."""
        self._pieces += 1
        piece, kept, values = f"{self.name}:{self._pieces}", self.temporary_identifier(), self.temporary_identifier()
        names = sorted({each.name for each in _names(together)} & (_LASTING | _TRANSLATING))
        refs = [frame.symbols.find_ref(name) or f"{self.get_resolve_func()}({name!r})" for name in names]
        self.writeline(f"{values} = ({''.join(f'{ref}, ' for ref in refs)})")
        self.writeline(f"{kept} = environment.kept.get({piece!r})")
        is_other = [f"{kept} is None", *(f"{kept}[0][{at}] is not {values}[{at}]" for at in range(len(names)))]
        self.writeline(f"if {' or '.join(is_other)}:")
        self.indent()
        inner = frame.copy()
        self.buffer(inner)
        self._visit_each(together, inner)
        self.writeline(f"{kept} = environment.keep({piece!r}, {values}, concat({inner.buffer}))")
        self.outdent()
        self.simple_write(f"{kept}[1]", frame)

    def _joined(self, together: Iterable[nodes.Node], frame: Frame) -> str:
        """An expression for the text that statements write."""
        parts: list[str] = []
        for is_constant, run in groupby(self._parts(together, frame), lambda part: part[0]):
            codes = [code for _, code in run]
            parts += [repr("".join(codes))] if is_constant else codes
        return parts[0] if len(parts) == 1 else f"concat(({', '.join(parts)}))" if parts else "''"

    def _parts(self, together: Iterable[nodes.Node], frame: Frame) -> Iterator[tuple[bool, str]]:
        """What statements write, piece by piece: whether it is the text itself, or code for it."""
        for node in together:
            if isinstance(node, nodes.Output):
                yield from (self._part(child, frame) for child in node.nodes)
            elif isinstance(node, nodes.If):
                yield False, self._choice(node, frame.soft())

    def _choice(self, node: nodes.If, frame: Frame) -> str:
        text = self._joined(node.else_, frame)
        for each in [*node.elif_[::-1], node]:
            text = f"({self._joined(each.body, frame)} if {self._code(self.visit, each.test, frame)} else {text})"
        return text

    def _part(self, node: nodes.Expr, frame: Frame) -> tuple[bool, str]:
        try:
            return True, str(self._output_child_to_const(node, frame, self._make_finalize()))
        except Exception:  # it is no constant, or one that fails when its turn comes
            code, value = self._code(self.visit, node, frame), self.temporary_identifier()
            otherwise = f"{value} if type({value}) is Markup else escape({value})"
            return False, f"(texts[{value}] if type({value} := {code}) is str else {otherwise})"

    def _code(self, visit: Callable[..., object], node: nodes.Node | MacroRef, frame: Frame) -> str:
        """The code that visiting an expression writes."""
        outer = self.stream, self._new_lines
        self.stream, self._new_lines = StringIO(), 0
        try:
            visit(node, frame)
            return self.stream.getvalue()
        finally:
            self.stream, self._new_lines = outer

    def _read(self, node: nodes.Node, frame: Frame) -> str:
        """The code of what something is read from: of a variable that is missing nothing can be, so it is not asked."""
        if isinstance(node, nodes.Name) and node.ctx == "load":
            return frame.symbols.ref(node.name)
        return f"({self._code(self.visit, node, frame)})"

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - jinja2 names it
        if iskeyword(node.attr) or node.attr.startswith("__"):
            super().visit_Getattr(node, frame)
        else:
            self.write(f"{self._read(node.node, frame)}.{node.attr}")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        if isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
        else:
            self.write(f"{self._read(node.node, frame)}[{self._code(self.visit, node.arg, frame)}]")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        if forward_caller or frame.eval_ctx.volatile or any(each.name in _TRANSLATING for each in _names([node.node])):
            super().visit_Call(node, frame, forward_caller=forward_caller)
        else:
            arguments = self._code(self.signature, node, frame).removeprefix(", ")
            self.write(f"{self._read(node.node, frame)}({arguments})")

    def visit_Import(self, node: nodes.Import, frame: Frame) -> None:  # noqa: N802
        if not (node.with_context and isinstance(node.template, nodes.Const)):
            super().visit_Import(node, frame)
            return
        self.writeline(f"{frame.symbols.ref(node.target)} = ", node)
        if frame.toplevel:
            self.write(f"context.vars[{node.target!r}] = ")
        template = f"environment.get_template({node.template.value!r}, {self.name!r})"
        self.write(f"environment.module({template}, context, {self.dump_local_context(frame)})")
        if frame.toplevel and not node.target.startswith("_"):
            self.writeline(f"context.exported_vars.discard({node.target!r})")


def _is_text(node: nodes.Node) -> bool:
    """Whether a statement does nothing but write."""
    if isinstance(node, nodes.If):
        return all(map(_is_text, [*node.body, *node.else_, *(inner for each in node.elif_ for inner in each.body)]))
    return isinstance(node, nodes.Output)


def _units(together: Iterable[nodes.Node]) -> Iterator[list[nodes.Node]]:
    """Statements, one by one but for what is put into a text that is translated: it goes with the text."""
    unit: list[nodes.Node] = []
    for node in together:
        unit.append(node)
        if not _is_for_text(node):
            yield unit
            unit = []
    if unit:
        yield unit


def _is_for_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name) and node.target.name == "_trans"


def _lasts(unit: Sequence[nodes.Node]) -> bool:
    """Whether what statements write follows from lasting variables alone."""
    bound = {each.name for node in unit for each in node.find_all(nodes.Name) if each.ctx != "load"}
    if any(isinstance(node, nodes.For) or node.find(nodes.For) for node in unit):
        bound.add("loop")
    needed = {each.name for each in _names(unit)} - bound
    is_apart = bound.isdisjoint(_LASTING | _TRANSLATING) and needed <= _LASTING | _TRANSLATING
    return is_apart and all(map(_only_writes, unit))


def _only_writes(node: nodes.Node) -> bool:
    inner = [each for each in node.iter_child_nodes() if isinstance(each, nodes.Stmt)]
    is_loop = isinstance(node, nodes.For) and not node.recursive
    is_fit = is_loop or isinstance(node, nodes.If | nodes.Output) or _is_for_text(node)
    return is_fit and all(map(_only_writes, inner))


def _is_dear(node: nodes.Node) -> bool:
    is_for = isinstance(node, nodes.For)
    return is_for or bool(node.find(nodes.Call) or node.find(nodes.For)) or _reads(node) > _FEW


def _reads(node: nodes.Node) -> int:
    return sum(1 for _ in node.find_all(nodes.Getattr))


def _names(found: Iterable[nodes.Node]) -> Iterator[nodes.Name]:
    """The variables that are read anywhere in these."""
    for node in found:
        if isinstance(node, nodes.Name):
            yield node
        yield from (each for each in node.find_all(nodes.Name) if each.ctx == "load")
