"""Ports are free when chosen and stay the same afterwards."""

from __future__ import annotations

import socket
from pathlib import Path

from cli.devstack.ports import LOOPBACK, PORT_MAX, PORT_MIN, choose_ports, is_free


def test_a_remembered_port_is_kept_while_it_is_free(tmp_path: Path) -> None:
    """The second start has the addresses of the first."""
    first = choose_ports(["a", "b"], {}, data_dir=tmp_path)
    assert choose_ports(["a", "b"], first, data_dir=tmp_path) == first


def test_a_taken_port_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    """Only what another program took moves."""
    first = choose_ports(["a", "b"], {}, data_dir=tmp_path)
    with socket.socket() as stranger:
        stranger.bind((LOOPBACK, first["a"]))
        stranger.listen()
        second = choose_ports(["a", "b"], first, data_dir=tmp_path)
    assert second["b"] == first["b"]
    assert second["a"] not in first.values()


def test_new_names_never_get_a_remembered_port_of_another(tmp_path: Path) -> None:
    """A process that is added later does not push an older one from its port."""
    first = choose_ports(["a", "b"], {}, data_dir=tmp_path)
    again = choose_ports(["new", "a", "b"], first, data_dir=tmp_path)
    assert again["a"] == first["a"]
    assert again["new"] not in first.values()


def test_ports_stay_below_those_the_kernel_gives_to_clients(tmp_path: Path) -> None:
    """Else a reconnecting client could be given the port of the server it looks for."""
    kernel_from = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    chosen = choose_ports(["a"], {}, data_dir=tmp_path)["a"]
    assert PORT_MIN <= chosen < PORT_MAX < kernel_from
    assert is_free(chosen)
