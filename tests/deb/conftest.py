"""A bare Debian of this machine's release in a folder, and the packages to install in it."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EARLIER = "0.0.1"
CACHE = Path(tempfile.gettempdir()) / "two-factor-atm-bare-debian.tar.gz"
"""The bare system, kept between runs."""
ENTER = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'


class BareDebian:
    """A Debian without anything but apt, whose commands see no other files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(
        self, *command: str, answers: str = "", check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as root, with *answers* on its standard input."""
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", ENTER, str(self.path), *command],
            input=answers, capture_output=True, text=True, timeout=1200,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                 "DEBIAN_FRONTEND": "noninteractive", **environment},
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    def install(self, package: Path) -> None:
        """Install a package, with what it depends on from Debian."""
        (self.path / "package.deb").unlink(missing_ok=True)
        os.link(package, self.path / "package.deb")
        self.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "/package.deb")

    def files(self, folder: str) -> dict[str, tuple[int, int, bytes]]:
        """Return mode, owner and content of each file and folder in *folder*, by its path."""
        return {
            str(path.relative_to(self.path)): (
                path.lstat().st_mode & 0o7777,
                path.lstat().st_uid,
                path.read_bytes() if path.is_file() else b"",
            )
            for path in [self.path / folder, *(self.path / folder).rglob("*")]
        }


@pytest.fixture
def bare_debian(tmp_path: Path) -> BareDebian:
    """A bare Debian of its own for each test; no service starts in it."""
    assert os.geteuid() == 0, "Run make test-deb as root: it mounts, and changes its root folder."
    if not CACHE.exists():
        made = tmp_path / "made"
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", str(made)], check=True)
        archive = CACHE.with_suffix(".partial")
        subprocess.run(["tar", "-C", str(made), "-czf", str(archive), "."], check=True)
        archive.replace(CACHE)
    system = BareDebian(tmp_path / "debian")
    system.path.mkdir()
    subprocess.run(["tar", "-C", str(system.path), "-xzf", str(CACHE)], check=True)
    resolver = Path("/etc/resolv.conf").read_text()
    (system.path / "etc" / "resolv.conf").write_text(resolver)
    nothing_starts = system.path / "usr" / "sbin" / "policy-rc.d"
    nothing_starts.write_text("#!/bin/sh\nexit 101\n")
    nothing_starts.chmod(0o755)
    system.run("apt-get", "update", "-qq")
    return system


def _package(named: str, version: str, folder: Path) -> Path:
    """Return the package that the variable *named* names, or build one."""
    if os.environ.get(named):
        return Path(os.environ[named]).resolve(strict=True)
    options = [f"VERSION={version}"] if version else []
    subprocess.run(["make", "deb", f"DIST={folder}", *options], cwd=ROOT, check=True)
    (built,) = folder.glob("two-factor-atm_*.deb")
    return built


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of this source, or the one that DEB names."""
    return _package("DEB", "", tmp_path_factory.mktemp("deb"))


@pytest.fixture(scope="session")
def package_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package that DEB_BEFORE names, or this source's under an earlier version."""
    return _package("DEB_BEFORE", EARLIER, tmp_path_factory.mktemp("deb-before"))
