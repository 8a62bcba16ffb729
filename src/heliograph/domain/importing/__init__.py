"""Other people's files of subscriptions: one file per vendor. A further one is a file and a line in `FORMATS`."""

from heliograph.domain.importing.base import Format
from heliograph.domain.importing.heliograph import Heliograph
from heliograph.domain.importing.onesignal import OneSignal
from heliograph.domain.importing.perfecty import Perfecty
from heliograph.domain.importing.plain import Plain
from heliograph.domain.importing.pushpad import Pushpad
from heliograph.domain.importing.spryker import Spryker

FORMATS: tuple[Format, ...] = (Heliograph(), OneSignal(), Perfecty(), Spryker(), Pushpad(), Plain())
"""In the order in which they are asked whether a file is theirs: the plain one, which takes most, comes last."""
