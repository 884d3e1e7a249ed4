"""End of a live data folder that is lost, signed by two members of staff from its key backup."""

from pathlib import Path

from atm.birth import end_life
from atm.errors import AtmError
from atm.keys.key_backup import open_backup
from atm.settings import Settings
from atm.terminal import ask, sign_two


def end_lost_folder(settings: Settings, file: Path) -> None:
    """Ask for the passphrase of the backup *file* and two signatures, and end the folder's life.

    Raises:
        AtmError: If that is no backup with staff, or they do not sign; nothing is changed then.
    """
    lost = open_backup(file, ask("Passphrase: "))
    if lost.empty:
        raise AtmError(f"{file} was made before backups held the list of staff: nobody can sign.")
    signed = sign_two(lost)
    end_life(settings, lost, signed)
    print(f"the data folder {lost.folder_id} is ended, by {' and '.join(signed.names)}")
