"""What the demo shop sells."""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

FOLDER = Path(__file__).parents[2] / "static" / "shop"


@dataclass(frozen=True, slots=True)
class Product:
    """One lamp; its picture is `<slug>.svg` in the shop's folder."""

    slug: str
    name: str
    price: str
    text: str

    @property
    def amount(self) -> str:
        """The price as a number, for those who count."""
        return self.price.removeprefix("€ ")

    @property
    def picture(self) -> Markup:
        """The drawing, to stand in a page."""
        return Markup((FOLDER / f"{self.slug}.svg").read_text(encoding="utf-8"))  # noqa: S704 - our own file


PRODUCTS = (
    Product(
        "reading",
        "Red reading lamp",
        "€ 64",
        "Leans over your shoulder and minds its own business. Switch in the foot.",
    ),
    Product("harbour", "Harbour lantern", "€ 89", "Brass and glass. Made for a quay, at home on a balcony."),
    Product("moon", "Paper moon", "€ 38", "Forty centimetres of quiet light. Folds flat for the journey home."),
)
