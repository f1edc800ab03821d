"""Write the generated modules."""

from __future__ import annotations

from client.generator.documents import read_documents
from client.generator.modules import write_modules
from client.generator.places import GENERATED


def main() -> None:
    """Write every module."""
    for name, text in write_modules(read_documents()).items():
        (GENERATED / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
