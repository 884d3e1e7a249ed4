"""Command that opens the kiosk: options, settings, then the window in a supervised process."""

import logging
import logging.handlers
import os
import queue
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from face_auth.command_line import Parser, ShowVersion
from kiosk.supervisor import Heart, supervise


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the kiosk; returns 0, or 2 with one sentence on stderr where it cannot open."""
    options = vars(_parser().parse_args(arguments))
    verbose = options.pop("verbose")
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    return supervise(lambda heart: _serve(options, heart))


def _serve(options: dict[str, Any], heart: Heart) -> int:
    """Open the window and serve. The parent process imports nothing of this."""
    try:
        import kiosk.main
        from atm.errors import AtmError
        from atm.settings import SettingsError, load_settings
        from face_auth.camera.sources import PLAYED, check_there, source_kind
        from face_auth.errors import CameraError
        from face_auth.process_memory import share_arenas
        from kiosk.words.language import languages
    except ImportError as error:
        print(f"The kiosk is not set up: {error}. Run: make .venv/.kiosk", file=sys.stderr)
        return 2

    config = options.pop("config")
    given = {name: value for name, value in options.items() if value is not None}
    try:
        settings = load_settings(config, os.environ, **given)
        if source_kind(settings.camera) in PLAYED:  # a device may be plugged in later
            check_there(settings.camera)
        if settings.language not in languages():
            raise SettingsError(f"language must be one of {', '.join(languages())}.")
    except (AtmError, CameraError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    share_arenas()
    listener = _log_behind()
    try:
        return kiosk.main.run(settings, heart)
    finally:
        listener.stop()


def _log_behind() -> logging.handlers.QueueListener:
    """Have a thread write the log: the window must not wait for whoever reads stderr."""
    root = logging.getLogger()
    lines: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(lines, *root.handlers)
    root.handlers[:] = [logging.handlers.QueueHandler(lines)]
    listener.start()
    return listener


def _parser() -> Parser:
    parser = Parser(description="The two-factor ATM kiosk.")
    parser.add_argument("--version", action=ShowVersion)
    parser.add_argument("--data", dest="data_dir", type=Path, metavar="DIR", help="data folder")
    parser.add_argument("--kind", choices=("live", "test", "demo"), help="of a new data folder")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML")
    parser.add_argument("--camera", metavar="SPEC", help="0, a URL, a file, a folder or demo")
    parser.add_argument("--network", help="bundled or vggface2")
    parser.add_argument(
        "--liveness", choices=("challenge", "passive", "off"), help="what is asked of a face"
    )
    parser.add_argument("--language", metavar="CODE", help="the default language, such as en")
    parser.add_argument("--fullscreen", action="store_const", const=True, help="left only by staff")
    parser.add_argument("--verbose", action="store_true", help="log what happens")
    return parser


if __name__ == "__main__":
    sys.exit(main())
