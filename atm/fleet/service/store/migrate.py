"""Migration of a database to the newest version of the schema, as its owner."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from atm.errors import AtmError

ROLE: Final = "atm_service"
"""The database role that the service's rights are granted to."""

_MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(url: str) -> None:
    """Create the tables, the role `ROLE` and its rights, or bring them up to date.

    Args:
        url: As `Database` takes it, of a user who may create tables and roles.

    Raises:
        AtmError: If the database does not answer, or refuses.
    """
    engine = create_engine(url, connect_args={"connect_timeout": 5})
    config = _config()
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (SQLAlchemyError, CommandError) as error:
        raise AtmError(f"The schema was not changed: {error}") from error
    finally:
        engine.dispose()


def newest_version() -> str | None:
    """Return the name of the newest version of the schema."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
