"""What layers.t and shape both ask of the sources: who includes whom."""
import os
import re


def includes(path):
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            found = re.match(r'\s*#\s*include\s+([<"])([^>"]+)', line)
            if found:
                yield number, found.group(1), found.group(2)


def module_of(path):
    return os.path.relpath(path, 'src')[:-2]


def is_private(module, includer):
    """x_private.h is what the files of x share: no arrow of the picture."""
    stem = re.sub('_private$', '', module)
    return module.endswith('_private') and includer.startswith(stem)


def graph_of(files):
    """The modules, each with those that it includes."""
    graph = {}
    for path in files:
        module = module_of(path)
        arrows = graph.setdefault(module, set())
        for _, kind, name in includes(path):
            other = name[:-2]
            if kind == '"' and name.endswith('.h') and other != module and \
                    not is_private(other, module):
                arrows.add(other)
    return graph


def circles(graph):
    """Lists of modules that include each other (Tarjan)."""
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in number:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == number[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(stack[at:])
            del stack[at:]

    for node in graph:
        if node not in number:
            visit(node)
    return found
