"""Fixtures of the black-box tests; README.md beside this file shows how to use them."""

from support.fixtures import certificates, gateway, pytest_configure, shared_gateway  # noqa: F401
