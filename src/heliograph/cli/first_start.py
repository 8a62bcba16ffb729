"""What the very first start makes, and how it is shown: once, because secret keys are stored as hashes only."""

from dataclasses import dataclass

from rich.console import RenderableType

from heliograph.actions import keys
from heliograph.actions.keys import FIRST_CONTACT, FirstStart
from heliograph.bootstrap import Heliograph
from heliograph.cli import screen
from heliograph.settings import Settings


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator says about the first project; it can all be changed later."""

    contact: str | None = None
    origins: tuple[str, ...] = ()
    name: str = "Default"


async def ensure(heliograph: Heliograph, wishes: Wishes) -> FirstStart | None:
    """Make the installation's key and a project with its keys, if there is nothing yet."""
    async with heliograph.store.begin() as tx:
        return await keys.ensure_first(
            tx,
            heliograph.context(),
            name=wishes.name,
            origins=wishes.origins,
            vapid_subject=wishes.contact or FIRST_CONTACT,
        )


def panel(made: FirstStart, settings: Settings, wishes: Wishes) -> RenderableType:
    """Return the frame that shows the new keys."""
    facts = {
        "Project": made.project_id,
        "Publishable key": f"{made.publishable_key}   (for pages)",
        "Secret key": f"{made.secret_key}   (for your servers, this project only)",
        "Installation key": f"{made.installation_key}   (may do everything)",
    }
    if settings.is_embedded:
        facts["Data and master key"] = f"{settings.data_dir.absolute()}   (back it up)"
    steps = []
    if not wishes.origins:
        steps.append("heliograph projects change --origin https://your.site.example")
    if wishes.contact is None:
        steps.append("heliograph projects change --contact mailto:you@example.com")
    if steps:
        facts["Next"] = "\n".join(steps)
    return screen.secrets_panel(
        "First start", facts, "The two secret keys are shown this once. Keep them where your servers keep secrets."
    )
