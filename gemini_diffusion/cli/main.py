"""The command `gemini-diffusion`: flags and environment in; the window, one drawing or a checkup out. Only wiring."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gemini_diffusion import __version__
from gemini_diffusion.cli.terminal import line_of_picture, once, picture_named, report, report_likeness
from gemini_diffusion.config.environment import read_settings
from gemini_diffusion.config.library_variables import naming_variables
from gemini_diffusion.config.log import open_log
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.models import PLACES
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.generation.health import advice, check_all, welcome
from gemini_diffusion.generation.host_view import HostView
from gemini_diffusion.generation.limits.usage import usage
from gemini_diffusion.generation.services import Services, open_services
from gemini_diffusion.generation.visitors import Visitors
from gemini_diffusion.storage import backup
from gemini_diffusion.storage.files import remove_parts
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError

if TYPE_CHECKING:
    from gemini_diffusion.web.accounts import Accounts
    from gemini_diffusion.web.server import OpenWindow


def main(arguments: Sequence[str] | None = None, env_file: Path | None = None) -> int:
    """Runs what the flags ask for; the exit code, with a sentence on standard error where it is not 0.

    `env_file` None is the usual .env: beside app.py in a checkout, in the data folder where the package is installed."""
    flags = read_flags(arguments)
    try:
        settings = read_settings(chosen(flags), env_file)
        if told := copy_data(settings.home_path, flags):
            print(told)
            return 0
        open_log(settings.home_path)
        services = open_services(settings.home_path)
        plan.refuse_unknown_engine(settings.engine, services.engines)
        if flags.usage:
            print("\n".join(usage(settings)))
            return 0
        if flags.check:
            return report(asyncio.run(check_all(services, settings, live=flags.live)))
        if flags.once is not None:
            return asyncio.run(draw_once(services, settings, flags.once))
        if flags.reproduce is not None:
            return asyncio.run(draw_again(services, settings, Path(flags.reproduce)))
        return stay_open(services, settings, flags)
    except GeminiDiffusionError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def read_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The flags of contracts; a wrong one ends in argparse's sentence and code 2."""
    parser = argparse.ArgumentParser(prog="gemini-diffusion", description="A chat that draws: /imagine a fox in the snow")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (the first free one from 7860)")
    parser.add_argument("--share", action="store_true", help="make a public link, behind a password")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--auth", metavar="USER:PASSWORD", help="ask for this name and password")
    asked.add_argument("--auth-file", metavar="FILE", help="ask for those of this file, a line NAME:PASSWORD each")
    parser.add_argument("--usage", action="store_true", help="say what visitors had today and keep, and end")
    parser.add_argument("--lend-keys", action="store_true", help="let visitors of a shared or open window use your keys")
    parser.add_argument("--mcp", action="store_true", help="offer chat and imagine to programs that speak MCP")
    parser.add_argument("--api", action="store_true", help="offer OpenAI's API to programs that send a key, which is printed")
    parser.add_argument("--api-key", metavar="KEY", help="the same with a key of your own")
    parser.add_argument("--engine", choices=(plan.AUTO, *PLACES), help="where pictures are drawn (auto)")
    parser.add_argument("--model", metavar="ID", help="image model")
    parser.add_argument("--data-dir", metavar="DIR", help="where pictures and conversations are kept")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--no-preload", action="store_true", help="load nothing before something is drawn")
    parser.add_argument(
        "--once", metavar="LINE", help='do one thing without a window: "/imagine a fox", or a picture with a recipe'
    )
    parser.add_argument("--reproduce", metavar="FILE", help="draw a picture again by its recipe and say how alike both are")
    parser.add_argument("--backup", metavar="FILE", help="write all pictures, conversations and choices into one file")
    parser.add_argument("--restore", metavar="FILE", help="put what is in a backup into an empty data folder")
    parser.add_argument("--with-keys", action="store_true", help="with --backup: the .env file of the data folder too")
    parser.add_argument("--check", action="store_true", help="say what works here and what does not")
    parser.add_argument("--live", action="store_true", help="with --check: try each key with one real call")
    parser.add_argument("--lang", default="en", choices=("en",), help="language of the window (en)")
    parser.add_argument("--version", action="version", version=f"Gemini Diffusion {__version__}")
    return parser.parse_args(arguments)


def chosen(flags: argparse.Namespace) -> dict[str, str | None]:
    """What the flags say of settings; None where nothing was said."""
    preload = "off" if flags.no_preload else None
    return {"engine": flags.engine, "image_model": flags.model, "home": flags.data_dir, "preload": preload}


def copy_data(home: Path, flags: argparse.Namespace) -> str:
    """Makes or restores a backup, where a flag asks for one; what is said of it, else "". Raises BadInput, DiskFull."""
    if flags.backup:
        report = backup.make_backup(home, Path(flags.backup), with_keys=flags.with_keys)
        return f"Kept {report} in {flags.backup}, without models, logs{'' if flags.with_keys else ', keys'} and indexes."
    if flags.restore:
        return f"Restored {backup.restore_backup(Path(flags.restore), home)} into {home}."
    return ""


async def draw_once(services: Services, settings: Settings, line: str) -> int:
    """One line of the person at this terminal, who is the host; a picture's file stands for the line that its recipe says."""
    if picture := picture_named(line):
        line = line_of_picture(services, settings, picture)
    code = await once(Visitors(services, settings, lends=True, owner=True).of("terminal").session, line, settings)
    for path in services.gallery.unsaved.write_to(Path(tempfile.gettempdir())):  # often another disk
        print(f"Until then the picture is in {path}.")
    return code


async def draw_again(services: Services, settings: Settings, picture: Path) -> int:
    """What the recipe in a picture says, drawn and compared with it."""
    session = Visitors(services, settings, lends=True, owner=True).of("terminal").session
    line = line_of_picture(services, settings, picture)
    return await once(session, line, settings) or report_likeness(picture, session)


def stay_open(services: Services, settings: Settings, flags: argparse.Namespace) -> int:
    """Opens the window and stays until it is closed or interrupted."""
    with contextlib.closing(open_app(services, settings, flags)) as window:
        from gemini_diffusion.web.startup_message import announce_address

        signal.signal(signal.SIGTERM, _leave)
        announce_address(window, settings.home_path, functools.partial(print, flush=True))
        if said := advice(services, settings, strangers=not window.place.private):
            print(said, flush=True)
        asyncio.run(asyncio.Event().wait())  # for ever; unlike a thread's, this wait ends with Ctrl+C on every system
    return 0


def open_app(services: Services, settings: Settings, flags: argparse.Namespace) -> OpenWindow:
    """The window as the flags ask for it; the caller closes it."""
    auth = _auth(flags)  # before the window's imports, which take seconds

    with naming_variables():
        from gemini_diffusion.ui.window import build
        from gemini_diffusion.web.host_page import HostPage
        from gemini_diffusion.web.openai_api.openai_routes import make_key
        from gemini_diffusion.web.server import ServerOptions, open_window

    key = make_key(flags.api_key) if flags.api or flags.api_key is not None else ""
    options = ServerOptions(
        flags.host, flags.port, flags.share, auth, _names(settings),
        browser=not flags.no_browser, mcp=flags.mcp, api_key=key,
    )  # fmt: skip
    visitors = Visitors(services, settings, lends=options.private or flags.lend_keys, owner=options.private)
    threading.Thread(target=remove_parts, args=(settings.home_path,), name="cleaning", daemon=True).start()
    with naming_variables():
        page = build(visitors, welcome(services, settings), key)
        return open_window(page, options, HostPage(HostView(visitors, settings)))


def _leave(signal_number: int, frame: object) -> None:
    """Ends the program so that everything it opened is closed first."""
    sys.exit(128 + signal_number)


def _names(settings: Settings) -> frozenset[str]:
    """The names of a proxy in front of the window."""
    return frozenset(name.strip().lower() for name in settings.public_names.split(",") if name.strip())


def _auth(flags: argparse.Namespace) -> tuple[str, str] | Accounts | None:
    """The name and password asked of everybody; a shared link always has one."""
    if flags.auth_file:
        from gemini_diffusion.web.accounts import Accounts

        return Accounts(Path(flags.auth_file).expanduser())
    if flags.auth:
        name, colon, password = flags.auth.partition(":")
        if not (name and colon and password):
            raise BadInput("--auth needs a name and a password.", "Write it as --auth NAME:PASSWORD.")
        return name, password
    return ("guest", secrets.token_urlsafe(9)) if flags.share else None
