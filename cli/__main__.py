"""Entry of `python -m cli`, which is what the `bursar` script runs."""

from cli.main import bursar

bursar(prog_name="bursar")
