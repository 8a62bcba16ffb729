"""Settings: read once, checked at once, explained in one sentence each."""

import base64
from pathlib import Path

import pytest

from heliograph.kit.setting import SettingsError
from heliograph.settings import LogLevel, Settings, described, fields

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")


def refused(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ)
    return caught.value.sentences


def test_every_setting_has_a_default_that_works():
    """An empty environment is a working embedded installation."""
    settings = Settings.load({})

    assert settings.is_embedded
    assert settings.store_url.startswith("sqlite:////")
    assert settings.base_url == "http://localhost:8970"


def test_secrets_are_not_written_with_the_others():
    """Settings that end up in a log or a traceback tell neither the master key nor the database's password."""
    settings = Settings.load(
        {"HELIOGRAPH_MASTER_KEY": KEY, "HELIOGRAPH_DATABASE_URL": "postgresql://me:lamp@host/name"}
    )

    assert "lamp" not in repr(settings)
    assert repr(settings.master_key) not in repr(settings)


def test_field_names_are_variable_names():
    """A setting is found under the same name in the environment and in the code."""
    assert all(setting.variable == f"HELIOGRAPH_{name.upper()}" for name, setting in fields())


def test_values_are_parsed():
    """Text of the environment becomes typed values; an empty variable counts as absent."""
    settings = Settings.load(
        {
            "HELIOGRAPH_PORT": " 9000 ",
            "HELIOGRAPH_LOG_LEVEL": "DEBUG",
            "HELIOGRAPH_PUSH_HOSTS": "Push.Example.org, up.example.net,",
            "HELIOGRAPH_PUBLIC_URL": "https://push.example.com/",
            "HELIOGRAPH_MASTER_KEY": KEY,
            "HELIOGRAPH_DATABASE_URL": "",
            "PATH": "/bin",
        }
    )

    assert settings.port == 9000
    assert settings.log_level is LogLevel.DEBUG
    assert settings.push_hosts == {"push.example.org", "up.example.net"}
    assert settings.base_url == "https://push.example.com"
    assert settings.master_key == bytes(range(32))
    assert settings.is_embedded


@pytest.mark.parametrize(
    ("variable", "value", "part"),
    [
        ("PORT", "0", "whole number from 1 to 65535"),
        ("PORT", "http", "whole number"),
        ("PORT", "-1", "whole number"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("PUSH_HOSTS", "https://push.example", "plain host names"),
        ("PUSH_HOSTS", "localhost", "plain host names"),
        ("PUBLIC_URL", "push.example.com", "https://push.example.com"),
        ("PUBLIC_URL", "https://push.example.com/path", "without a path"),
        ("DATABASE_URL", "mysql://host/name", "postgresql://"),
        ("MASTER_KEY", "short", "32 bytes"),
        ("MASTER_KEY", "ü" * 43, "32 bytes"),
        ("SEND_TIMEOUT_SECONDS", "1e9", "whole number"),
    ],
)
def test_a_wrong_value_is_named(variable: str, value: str, part: str):
    """The sentence names the variable and says what it must be."""
    (sentence,) = refused({f"HELIOGRAPH_{variable}": value})

    assert sentence.startswith(f"HELIOGRAPH_{variable} ")
    assert part in sentence
    assert sentence.endswith(".")


def test_everything_wrong_is_said_at_once():
    """An operator need not find mistakes one start at a time."""
    assert len(refused({"HELIOGRAPH_PORT": "x", "HELIOGRAPH_LOG_LEVEL": "x", "HELIOGRAPH_NO_SUCH": "x"})) == 3


def test_a_misspelt_variable_is_an_error_with_a_suggestion():
    """A setting that was meant and does nothing would be found out too late."""
    assert refused({"HELIOGRAPH_DATABSE_URL": "x"}) == [
        "HELIOGRAPH_DATABSE_URL is not a setting; did you mean HELIOGRAPH_DATABASE_URL?"
    ]
    assert refused({"HELIOGRAPH_PORT_FILE": "x"})[0].startswith("HELIOGRAPH_PORT_FILE is not a setting")


def test_a_secret_may_come_from_a_file(tmp_path: Path):
    """Secrets of container platforms are files."""
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")

    assert Settings.load({"HELIOGRAPH_MASTER_KEY_FILE": str(file)}).master_key == bytes(range(32))
    assert "cannot be read" in refused({"HELIOGRAPH_MASTER_KEY_FILE": str(tmp_path / "none")})[0]
    both = refused({"HELIOGRAPH_MASTER_KEY_FILE": str(file), "HELIOGRAPH_MASTER_KEY": KEY})
    assert "exclude each other" in both[0]


def test_postgresql_needs_a_master_key():
    """Processes on several machines must share one, so none is made up."""
    url = {"HELIOGRAPH_DATABASE_URL": "postgresql://host/name"}

    assert "HELIOGRAPH_MASTER_KEY is needed" in refused(url)[0]
    assert not Settings.load(url | {"HELIOGRAPH_MASTER_KEY": KEY}).is_embedded


def test_devpush_settings_belong_together():
    """Half a route to the bundled push service leads nowhere."""
    assert "belong together" in refused({"HELIOGRAPH_DEVPUSH_TLS_PORT": "8973"})[0]


def test_secrets_are_masked_and_origins_told(tmp_path: Path):
    """What is printed may be pasted into an issue."""
    file = tmp_path / "key"
    file.write_text(KEY)
    rows = {
        row.setting.variable: row
        for row in described(
            {"HELIOGRAPH_MASTER_KEY_FILE": str(file), "HELIOGRAPH_DATABASE_URL": "postgresql://u:pw@h/n"}
        )
    }

    assert KEY not in str(rows)
    assert "pw" not in rows["HELIOGRAPH_DATABASE_URL"].value
    assert rows["HELIOGRAPH_MASTER_KEY"].origin == f"file {file}"
    assert rows["HELIOGRAPH_DATABASE_URL"].origin == "environment"
    assert rows["HELIOGRAPH_PORT"].origin == "default"


@pytest.mark.parametrize(
    ("text", "place"),
    [("127.0.0.1:9464", ("127.0.0.1", 9464)), (":9464", ("127.0.0.1", 9464)), ("[::1]:9464", ("::1", 9464))],
)
def test_an_address_with_a_port_is_read(text: str, place: tuple[str, int]):
    """Without an address it is this machine's own; IPv6 stands in brackets."""
    assert Settings.load({"HELIOGRAPH_METRICS_BIND": text}).metrics_bind == place


@pytest.mark.parametrize("text", ["9464x", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:http"])
def test_an_address_without_a_port_is_refused(text: str):
    """With an example of what is meant."""
    with pytest.raises(SettingsError, match=r"such as 127\.0\.0\.1:9464"):
        Settings.load({"HELIOGRAPH_METRICS_BIND": text})
