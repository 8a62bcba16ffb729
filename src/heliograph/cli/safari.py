"""`heliograph safari`: what is needed of Apple for Safari's older channel, tried out before anything depends on it."""

import os
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption
from heliograph.cli.exits import CommandError, Exit
from heliograph.domain import apns_answers
from heliograph.domain.outcome import Accepted, Outcome, Skipped, kind_of
from heliograph.kit.curl import CurlSender
from heliograph.kit.http import ClientCertificate, HttpRequest
from heliograph.protocols import safari_icons, safari_message, safari_package, website_certificate
from heliograph.protocols.safari_message import Place
from heliograph.protocols.safari_package import Version, Website
from heliograph.protocols.website_certificate import WebsiteCertificate

safari = typer.Typer(
    name="safari",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Safari's older channel on macOS (Safari 7 to 15): check a certificate, make a push package, try a token.",
)
PASSWORD = "SAFARI_PASSWORD"  # noqa: S105 - the name of a variable
"""A variable of the environment: an argument could be read by everybody on the machine."""
CertificateOption = Annotated[
    Path,
    typer.Option(
        "--certificate",
        help=f"The Website Push ID's .p12, or PEM with certificate and key. Its password is read from {PASSWORD}.",
    ),
]
IntermediateOption = Annotated[
    Path | None,
    typer.Option("--intermediate", help="Apple's WWDR certificate that issued it, .cer or PEM, if it is not inside."),
]
FormatOption = Annotated[
    str, typer.Option("--url-format", help="Where clicks lead, as in the package: https://shop.example/%@")
]


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(max(safari_icons.MAX_BYTES, website_certificate.MAX_FILE) + 1)


def _certificate(path: Path, intermediate: Path | None) -> WebsiteCertificate:
    beside = None if intermediate is None else _read(intermediate)
    password = os.environ.get(PASSWORD)
    try:
        return website_certificate.read(_read(path), intermediate=beside, password=password, now=datetime.now(UTC))
    except ValueError as error:
        raise CommandError(str(error)) from None


@safari.command()
def check(certificate: CertificateOption, intermediate: IntermediateOption = None, as_json: JsonOption = False) -> None:
    """Check a certificate: that it is of a Website Push ID, belongs to its key and to the intermediate, and lives.

    Example: heliograph safari check --certificate push.p12 --intermediate AppleWWDRCAG4.cer

    Exit status: 0 it serves; 1 it does not, with a sentence that says why.
    """
    found = _certificate(certificate, intermediate)
    facts: dict[str, Any] = {
        "push_id": found.push_id,
        "expires_at": found.expires_at,
        "intermediate_expires_at": found.intermediate.not_valid_after_utc,
        "warning": found.warning(datetime.now(UTC)),
    }
    if as_json:
        screen.write_json(facts)
    else:
        screen.console().print(screen.facts(facts))


@safari.command()
def package(
    certificate: CertificateOption,
    icon: Annotated[Path, typer.Option(help="A square PNG, JPEG or WebP of 256 pixels at least.")],
    name: Annotated[str, typer.Option(help="The site's name, as Safari shows it when it asks.")],
    origin: Annotated[list[str], typer.Option(help="Whose pages may ask, https://shop.example; repeatable.")],
    service_url: Annotated[
        str, typer.Option(help="Your web service, as the page gives it; without a slash at the end.")
    ],
    *,
    url_format: FormatOption,
    out: Annotated[Path, typer.Option(help="Where to write the zip; an existing file is not overwritten.")],
    intermediate: IntermediateOption = None,
    token: Annotated[
        str | None, typer.Option(help="The visitor's authentication token; an unguessable one is made if left out.")
    ] = None,
    version: Annotated[Version, typer.Option(help="v1 for the addresses below /v1, Safari 7 to 9.")] = Version.V2,
    as_json: JsonOption = False,
) -> None:
    """Make a signed push package, as Safari asks your web service for it before it asks the person.

    Example: heliograph safari package --certificate push.p12 --icon icon.png --name Lamps --origin https://shop.example
    --service-url https://push.shop.example/safari --url-format https://shop.example/%@ --out package.zip
    """
    found = _certificate(certificate, intermediate)
    given = token or secrets.token_urlsafe(24)
    site = Website(name, found.push_id, tuple(origin), url_format, service_url)
    try:
        site.check()
        icons = safari_icons.make(_read(icon))
        data = safari_package.build(site, icons, authentication_token=given, certificate=found, version=version)
    except ValueError as error:
        raise CommandError(str(error)) from None
    with out.open("xb") as file:
        file.write(data)
    facts = {"file": str(out), "bytes": len(data), "push_id": found.push_id, "authentication_token": given}
    if as_json:
        screen.write_json(facts)
    else:
        screen.console().print(screen.facts(facts))


@safari.command(name="try")
def try_(
    certificate: CertificateOption,
    token: Annotated[str, typer.Option(help="The device token that Safari gave: 64 hexadecimal digits.")],
    title: Annotated[str, typer.Argument(help="The headline.")],
    body: Annotated[str, typer.Argument(help="The text below it.")],
    url_format: FormatOption,
    *,
    url: Annotated[str | None, typer.Option(help="Where a click leads: of the form of --url-format.")] = None,
    intermediate: IntermediateOption = None,
    connect_to: Annotated[
        str | None, typer.Option(help="Talk to a stand-in for Apple at ADDRESS:PORT, such as 127.0.0.1:8443.")
    ] = None,
    ca_file: Annotated[Path | None, typer.Option(help="What to trust there, PEM.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Send one message to one device over Apple's push service, and say what Apple answered. Nothing is stored.

    Example: heliograph safari try Hello "Is it there?" --certificate push.p12 --token 4f1a… --url-format
    https://shop.example/%@

    Exit status: 0 Apple took it; 1 it could not be sent at all; 3 Apple did not take it.
    """
    found = _certificate(certificate, intermediate)
    shown = ClientCertificate(found.chain_pem(), found.key_pem())
    trusted = None if ca_file is None else str(ca_file)
    place = Place(found.push_id, url_format, shown, connect_to=_address(connect_to), ca_file=trusted)
    try:
        data = safari_message.payload(title=title, body=body, url=url, url_format=url_format)
        request = safari_message.request(
            place, token, data, apns_id=str(uuid.uuid4()), ttl=timedelta(hours=1), now=datetime.now(UTC)
        )
    except ValueError as error:
        raise CommandError(str(error)) from None
    outcome = opening.run(_exchange(request))
    _tell(outcome, as_json=as_json)


async def _exchange(request: HttpRequest) -> Outcome:
    sender = CurlSender()
    try:
        return apns_answers.read(await sender.send(request))
    finally:
        await sender.close()


def _address(given: str | None) -> tuple[str, int] | None:
    if given is None:
        return None
    host, colon, port = given.rpartition(":")
    if not colon or not port.isdigit() or not host:
        raise CommandError("Give the stand-in as ADDRESS:PORT, such as 127.0.0.1:8443.", Exit.USAGE)
    return host.strip("[]"), int(port)


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    assert not isinstance(outcome, Skipped)
    kind, reason = kind_of(outcome)
    facts = {"outcome": kind, "reason": reason}
    if as_json:
        screen.write_json(facts)
    else:
        screen.console().print(screen.facts(facts))
    if not isinstance(outcome, Accepted):
        raise typer.Exit(Exit.NOTHING_SENT)
