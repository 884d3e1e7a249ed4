"""The Debian package: installed, used, upgraded, removed and purged in a bare Debian."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from tests.deb.conftest import ENTER, ROOT, BareDebian

DATA, SETTINGS = "var/lib/two-factor-atm", "etc/two-factor-atm/kiosk.toml"
MOST_EXPOSED = 3.0
"""As `systemd-analyze security` counts, from 0 to 10."""
LOGIN = ("atm", "login", "maria", "--camera", "demo:1", "--liveness", "off")


def version_of(package: Path) -> str:
    told = subprocess.run(
        ["dpkg-deb", "-f", str(package), "Version"], capture_output=True, text=True, check=True
    )
    return told.stdout.strip()


def test_data_and_settings_outlive_upgrade_removal_and_purge(
    bare_debian: BareDebian, package: Path, package_before: Path
) -> None:
    here = bare_debian
    assert version_of(package_before) != version_of(package)

    here.install(package_before)
    for command in ("atm", "two-factor-atm"):
        assert (
            here.run(command, "--version").stdout
            == f"two-factor-atm {version_of(package_before)}\n"
        )
    settings = here.path / SETTINGS
    assert settings.stat().st_mode & 0o7777 == 0o640  # a camera's password may stand in it
    here.run("atm", "init", "--kind", "test", answers="ruiz\n482913\n")
    here.run(
        "atm", "enrol", "maria", "--camera", "demo:1", "--liveness", "off", "--full-name", "Maria",
        "--balance", "1350", answers="ruiz\n482913\n738291\n",
    )  # fmt: skip
    assert here.run(*LOGIN, answers="738291\n").stdout == "granted\n"
    assert here.run(*LOGIN, answers="738292\n", check=False).stdout.endswith("refused\n")
    settings.write_text(settings.read_text() + "day_limit = 700\n")
    kept = here.files(DATA)
    owner = (here.path / DATA).stat().st_uid
    assert owner != 0
    assert any(name.endswith(".key") for name in kept) and any("gallery" in name for name in kept)
    for name, (mode, uid, _) in kept.items():
        assert mode & 0o077 == 0 and uid == owner, name

    here.install(package)
    assert here.run("atm", "--version").stdout == f"two-factor-atm {version_of(package)}\n"
    assert here.files(DATA) == kept
    assert settings.read_text().endswith("day_limit = 700\n")
    assert settings.stat().st_mode & 0o7777 == 0o640
    assert here.run(*LOGIN, answers="738291\n").stdout == "granted\n"
    kept = here.files(DATA)

    here.run("apt-get", "remove", "-y", "-qq", "two-factor-atm")
    assert not (here.path / "usr/bin/atm").exists()
    assert here.files(DATA) == kept
    assert settings.read_text().endswith("day_limit = 700\n")

    purged = here.run("apt-get", "purge", "-y", "-qq", "two-factor-atm").stdout
    assert "The customers' data and keys stay in /var/lib/two-factor-atm." in purged
    assert here.files(DATA) == kept
    assert not settings.parent.exists()
    assert not (here.path / "opt/venvs").exists()

    here.install(package)
    assert here.run(*LOGIN, answers="738291\n").stdout == "granted\n"


@pytest.mark.gui
def test_the_installed_window_opens_and_tells_the_service_manager(
    bare_debian: BareDebian, package: Path, tmp_path: Path
) -> None:
    bare_debian.install(package)
    settings = bare_debian.path / SETTINGS
    settings.write_text(
        re.sub("(?m)^camera = .*", 'camera = "demo:1"\nkind = "demo"', settings.read_text())
    )
    name = f"@{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:])
        manager.settimeout(300)
        process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
             ENTER, str(bare_debian.path), "/usr/bin/two-factor-atm"],
            stderr=subprocess.PIPE, text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                 "DISPLAY": os.environ["DISPLAY"], "NOTIFY_SOCKET": name,
                 "WATCHDOG_USEC": "400000"},
        )  # fmt: skip
        try:
            told = [manager.recv(100) for _ in range(4)]
        finally:
            process.kill()
            process.communicate()
    assert told == [b"WATCHDOG=1", b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]


def unpacked(package: Path, folder: Path) -> Path:
    subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
    return folder


def test_what_the_package_holds(package: Path, tmp_path: Path) -> None:
    held = unpacked(package, tmp_path / "held")
    venv = held / "opt/venvs/two-factor-atm"
    (modules,) = venv.glob("lib/python3.*/site-packages")
    there = {path.name for path in (modules / "models").iterdir()}
    wanted = subprocess.run(
        ["git", "ls-files", "models"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()  # fmt: skip
    assert there == {Path(name).name for name in wanted} - {".gitignore"}  # none that was fetched
    for left_out in ("tests/atm", "benchmarks", "tools", "atm/fleet/service", "face_auth/training"):
        assert not (modules / left_out).exists(), left_out
    assert (venv / "bin/python3").resolve().name.startswith("python3.")
    linked = [path.readlink() for path in (venv / "bin").glob("python3.*")]
    assert [path.parent for path in linked] == [Path("/usr/bin")]  # Debian's, not the builder's
    for needed in ("escpos", "fido2", "prometheus_client", "smartcard", "websockets"):
        assert (modules / needed).is_dir(), needed  # what settings for devices need
    writable = [
        path for path in held.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022
    ]
    assert writable == []


def test_the_service_is_hardened(package: Path, tmp_path: Path) -> None:
    held = unpacked(package, tmp_path / "held")
    (held / "etc/passwd").write_text("two-factor-atm:x:100:100::/:/bin/false\n")
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--root={held}",
         f"--threshold={MOST_EXPOSED * 10:.0f}", "two-factor-atm.service"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    (exposure,) = re.findall(r"exposure level for two-factor-atm\.service: ([\d.]+)", told.stdout)
    assert float(exposure) <= MOST_EXPOSED


def test_the_package_depends_on_what_setting_up_a_clone_installs() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    wanted = set(re.findall(r"^DEBIAN := (.*)$", makefile, re.MULTILINE)[0].split())
    control = (ROOT / "debian" / "control").read_text("utf-8")
    depends = re.findall(r"^Depends:((?:.*\n)(?: .*\n)*)", control, re.MULTILINE)[0]
    assert wanted - {"python3-venv"} <= set(re.findall(r"[\w.+-]+", depends))
