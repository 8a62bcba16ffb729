"""The condition on groups."""

from tests.support.persons import holds

from heliograph.domain.subscription import Group


def test_a_group_is_joined_with_an_identifier_or_any():
    """As audiences of groups are."""
    own = frozenset([Group("warehouse", "42")])
    assert holds({"kind": "group", "name": "warehouse"}, groups=own)
    assert holds({"kind": "group", "name": "warehouse", "identifier": "42"}, groups=own)
    assert not holds({"kind": "group", "name": "warehouse", "identifier": "7"}, groups=own)
    assert not holds({"kind": "group", "name": "news"}, groups=own)
