"""Which addresses are public."""

import pytest

from heliograph.kit.addresses import is_public


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "142.250.74.10", "2a00:1450:4001::200a", "2606:4700::6810", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_public(address: str):
    """Addresses of the internet pass, also when IPv6 carries them."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.254",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "100::1",
        "localhost",
        "0x7f.1",
        "2130706433",
        "",
    ],
)
def test_not_public(address: str):
    """Everything inside, reserved, or not a literal address is refused."""
    assert not is_public(address)
