"""What a person types, or sets, to point a browser of their own at devpush."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BrowserCommands:
    """`chromium` and `firefox` are command lines, `firefox_prefs` is the text of a profile's `user.js`."""

    chromium: str
    chromium_switches: tuple[str, ...]
    firefox: str
    firefox_prefs: str


_PROFILE = "heliograph-browser"


def chromium_switches(http_url: str, mcs_port: int, spki_sha256: str) -> tuple[str, ...]:
    """Return the switches that send a Chromium's push traffic here, and make it trust our certificate's one key."""
    return (
        f"--gcm-checkin-url={http_url}/checkin",
        f"--gcm-registration-url={http_url}/c2dm/register3",
        f"--gcm-mcs-endpoint=https://localhost:{mcs_port}",
        f"--ignore-certificate-errors-spki-list={spki_sha256}",
    )


def firefox_prefs(ws_url: str) -> dict[str, str | bool | int]:
    """Return the preferences that send a Firefox's push traffic here."""
    return {
        "dom.push.serverURL": ws_url,
        "dom.push.testing.allowInsecureServerURL": True,
        "dom.push.connection.enabled": True,
        "dom.push.retryBaseInterval": 200,
    }


def browser_commands(
    *,
    http_url: str,
    ws_url: str,
    mcs_port: int,
    spki_sha256: str,
    page: str = "",
    directory: str = "/tmp",  # noqa: S108
    is_root: bool = False,
) -> BrowserCommands:
    """Return commands that open a fresh browser profile pointed at devpush.

    Args:
        http_url: devpush's plain origin.
        ws_url: devpush's WebSocket address.
        mcs_port: devpush's port for Chromium's connection.
        spki_sha256: hash of the certificate's key.
        page: what to open.
        directory: where the two profile directories are made.
        is_root: whether root will type it; Chromium then starts only without its sandbox.
    """
    switches = (f"--user-data-dir={directory}/{_PROFILE}-chromium", *chromium_switches(http_url, mcs_port, spki_sha256))
    sandbox = ("--no-sandbox",) if is_root else ()
    chromium = " ".join(["chromium", "--no-first-run", *sandbox, *switches, page]).strip()
    profile = f"{directory}/{_PROFILE}-firefox"
    prefs = "\n".join(_user_pref(name, value) for name, value in firefox_prefs(ws_url).items())
    quoted = prefs.replace("\n", "\\n")
    write = f"mkdir -p {profile} && printf '{quoted}\\n' > {profile}/user.js"
    firefox = f"{write} && firefox --no-remote --profile {profile} {page}"
    return BrowserCommands(chromium, switches, firefox.strip(), prefs)


def _user_pref(name: str, value: str | bool | int) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case int():
            text = str(value)
        case _:
            text = f'"{value}"'
    return f'user_pref("{name}", {text});'
