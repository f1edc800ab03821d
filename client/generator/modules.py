"""The generated modules as text, formatted as the rest of the project is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from client.generator.documents import Api, Document, operations_of
from client.generator.functions import is_call, write_endpoint, write_function
from client.generator.places import GENERATED
from client.generator.structs import Components, write_struct

FORMAT_WITHIN_S = 60
NOTE = "Written by `python -m client.generator` from the OpenAPI documents; change the routes instead."

PACKAGE = f'''"""What both APIs can be asked, and what they answer.

{NOTE}
"""
'''
MODELS = f'''"""What commands and queries say: structs.

{NOTE}
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

'''
CALLS = f'''"""A function for every command and every query; each makes a call, which a client sends.

{NOTE}
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import UNSET, UnsetType

from bursar_client.call import (
    Call, PagedCall, body_of, file_of, key_of, path_of, query_of, read_as, read_content, read_nothing
)
from bursar_client.content import Content
from bursar_client.generated import models

'''
ENDPOINTS = f'''"""The methods that both clients have, one for each function in `calls`.

{NOTE}
"""

from __future__ import annotations

from bursar_client.generated import calls
from bursar_client.methods import Method, PagedMethod, RenderedMethod


class Endpoints:
    """A method for every command and every query."""
'''


def write_modules(documents: Mapping[Api, Document]) -> dict[str, str]:
    """Write every module of `bursar_client.generated`, by file name. Raises ValueError for what no rule is for."""
    return {name: _formatted(text) for name, text in draft_modules(documents).items()}


def draft_modules(documents: Mapping[Api, Document]) -> dict[str, str]:
    """Write the same with its lines as long as they come, and with imports that may not be needed."""
    components = Components(documents)
    operations = sorted(filter(is_call, operations_of(documents)), key=lambda operation: operation.name)
    names = [operation.name for operation in operations]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ValueError(f"both APIs have {repeated}; a method needs a name of its own")
    structs = [write_struct(each, components.fields(each.api, each.schema, each.side)) for each in components]
    functions = [write_function(operation, components) for operation in operations]
    endpoints = [write_endpoint(operation, components) for operation in operations]
    return {
        "__init__.py": PACKAGE,
        "models.py": MODELS + "\n\n".join(structs),
        "calls.py": CALLS + "\n\n".join(functions),
        "endpoints.py": ENDPOINTS + "\n".join(endpoints) + "\n",
    }


def _formatted(text: str) -> str:
    """Let ruff drop the imports that are not needed and lay the rest out."""
    for arguments in (("check", "--select", "F401,I", "--fix", "--quiet"), ("format",)):
        done = subprocess.run(
            [str(Path(sys.executable).with_name("ruff")), *arguments, "--stdin-filename", GENERATED / "_.py", "-"],
            input=text,
            capture_output=True,
            text=True,
            timeout=FORMAT_WITHIN_S,
            check=False,
        )
        if done.returncode != 0:
            raise ValueError(f"ruff {arguments[0]}: {done.stdout[-2000:]}{done.stderr}")
        text = done.stdout
    return text
