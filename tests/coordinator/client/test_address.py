import pytest

from coordinator.client import Address, AddressError


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:7400", "127.0.0.1", 7400),
        ("[::1]:0", "::1", 0),
        (" plant.local:65535 ", "plant.local", 65535),
    ],
)
def test_an_address_is_host_and_port(text: str, host: str, port: int):
    """Names, IPv4 and IPv6 in brackets all name a coordinator, and are written back the same."""
    address = Address.parse(text)

    assert address == Address(host, port)
    assert str(address) == text.strip()


@pytest.mark.parametrize("text", ["", "7400", "localhost", ":7400", "localhost:", "host:65536", "::1:7400", "h:-1"])
def test_anything_else_is_refused_with_the_rule(text: str):
    """A mistyped address is named with what is wrong about it."""
    with pytest.raises(AddressError, match="address"):
        Address.parse(text)


def test_loopback_is_known():
    """Only addresses that no other machine reaches count as loopback."""
    assert Address.parse("127.0.0.1:1").is_loopback
    assert Address.parse("[::1]:1").is_loopback
    assert not Address.parse("0.0.0.0:1").is_loopback
