"""A backup is good when what was restored from it can send."""

from pathlib import Path

from tests.support.world import World

from heliograph.actions import projects
from heliograph.bootstrap import Heliograph, build, prepare_data_dir
from heliograph.cli.backup import _backup
from heliograph.cli.processes import pointed_at
from heliograph.cli.restore import _restore
from heliograph.devpush import DevPush, DevPushConfig
from heliograph.settings import Settings
from heliograph.storage.migrate import migrate
from heliograph.worker.run import make_machine


async def _opened(settings: Settings) -> Heliograph:
    prepare_data_dir(settings)
    await migrate(settings.store_url)
    return await build(settings)


async def test_what_was_restored_sends_to_the_same_browsers(tmp_path: Path) -> None:
    """Another machine with the file alone reaches every subscriber: keys open, messages decrypt."""
    config = DevPushConfig(host="127.0.0.1", http_port=0, tls_port=0, mcs_port=0)
    async with DevPush(config) as devpush:
        settings = pointed_at(Settings(data_dir=tmp_path / "old"), devpush)
        old = await _opened(settings)
        async with old.store.begin() as tx:
            project = await projects.create(
                tx,
                old.context(),
                name="Shop",
                origins=["https://shop.example"],
                vapid_subject="mailto:ops@shop.example.com",
            )
        world = World(old, devpush, old.clock, project, make_machine(old, "old"))
        fleet = await world.agents(3)
        await world.subscribe(fleet.agents)
        # While the installation is open, as backups are made.
        assert _backup(settings, tmp_path / "made.tar", with_key=True)["holds_master_key"]
        await old.close()

        elsewhere = settings.replace(data_dir=tmp_path / "new")
        _restore(elsewhere, tmp_path / "made.tar", force=False, only_check=False)
        new = await _opened(elsewhere)
        restored = World(new, devpush, new.clock, project, make_machine(new, "new"))
        notification = await restored.notify()
        await restored.work()
        await fleet.wait_until(lambda _: fleet.reached(notification.id) == 3)
        assert await restored.counts(notification) == {"accepted": 3}
        await fleet.go_offline()
        await new.close()
