"""Recipes of campaigns for the command line."""

import msgspec

from heliograph.actions import entries
from heliograph.api.admin.campaign_forms import NewCampaign
from heliograph.cli.exits import CommandError, Exit
from heliograph.domain.recipes import RECIPES
from heliograph.storage.store import Tx


async def recipe_form(tx: Tx, project_id: str, name: str) -> NewCampaign:
    """Return the campaign of a recipe, with the addresses of a project's site.

    Raises:
        CommandError: there is no such recipe.
    """
    for recipe in RECIPES:
        if recipe.name == name:
            return msgspec.convert(recipe.campaign(await entries.site_of(tx, project_id)), NewCampaign)
    names = ", ".join(recipe.name for recipe in RECIPES)
    raise CommandError(f"There is no recipe {name}. There are {names}.", Exit.USAGE)
