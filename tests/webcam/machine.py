"""A machine in software, with Debian's kernel and its drivers, that runs one command.

The machine sees the host's files, read-only and under the same paths, and one folder for results.
It needs the packages `qemu-system-x86` and `busybox-static`, which `make test-webcam` installs, and
fetches the kernel's package itself. KVM is not used, so that it runs in a container or a virtual
machine too; a program takes some ten times as long as on the host.
"""

from __future__ import annotations

import lzma
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

RESULTS = Path("/run/results")
"""Where the command in the machine writes what the host keeps."""
_KERNEL = "linux-image-amd64"
_MODULES = {
    "virtio_pci": "", "9pnet_virtio": "", "9p": "", "uvcvideo": "", "vhci_hcd": "",
    # Two webcams and an HDMI grabber, which captures pictures and does nothing else.
    "vivid": "n_devs=3 node_types=1,1,1 num_inputs=1,1,1 input_types=0,0,3",
}  # fmt: skip
"""Drivers with their parameters; what they need is loaded before."""

_INIT = """\
#!/bin/busybox sh
for name in mount mkdir insmod poweroff chroot sync; do busybox ln -s busybox /bin/$name; done
mkdir -p /proc /root
mount -t proc proc /proc
{load}
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 root /root
mount -t proc proc /root/proc
mount -t sysfs sysfs /root/sys
mount -t devtmpfs devtmpfs /root/dev
mount -t tmpfs -o mode=755 tmpfs /root/run
mkdir /root/run/tmp /root/run/home /root{results}
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 results /root{results}
chroot /root {command}
echo $? > /root{results}/rc
sync
poweroff -f
"""


class MachineError(Exception):
    """The machine cannot be made or did not run the command to its end; says why."""


def run(command: Sequence[str], results: Path, *, cache: Path, limit_s: float) -> int:
    """Run a command in the machine and return its exit code; what it prints is printed here.

    Args:
        command: Program, with its path, and arguments; it runs as root.
        results: Folder that the machine sees as `RESULTS`.
        cache: Folder in which kernel and drivers are kept between runs.
        limit_s: How long the machine may run.

    Raises:
        MachineError: If it cannot be made, or does not end in time.
    """
    qemu, busybox = shutil.which("qemu-system-x86_64"), shutil.which("busybox")
    if platform.machine() != "x86_64" or qemu is None or busybox is None:
        raise MachineError(
            "A host with an x86-64 processor and the packages qemu-system-x86 and busybox-static"
            " is needed."
        )
    kernel = _kernel(cache)
    share = "security_model=none,multidevs=remap"
    with tempfile.NamedTemporaryFile() as image:
        image.write(_initramfs(kernel, Path(busybox), command))
        image.flush()
        arguments = [
            qemu, "-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "2G",
            "-nic", "none", "-display", "none", "-no-reboot", "-serial", "stdio",
            "-kernel", str(kernel / "vmlinuz"), "-initrd", image.name,
            "-append", "console=ttyS0 loglevel=2 panic=-1 mitigations=off",
            "-virtfs", f"local,path=/,mount_tag=root,readonly=on,{share}",
            "-virtfs", f"local,path={results},mount_tag=results,{share}",
        ]  # fmt: skip
        try:
            subprocess.run(arguments, stdin=subprocess.DEVNULL, timeout=limit_s, check=True)
            return int((results / "rc").read_text())
        except subprocess.TimeoutExpired:
            raise MachineError(f"The machine did not end within {limit_s:.0f} s.") from None
        except (subprocess.CalledProcessError, OSError, ValueError) as error:
            raise MachineError(f"The machine did not run the command: {error}") from error


def _kernel(cache: Path) -> Path:
    """Fetch Debian's kernel once, without installing it; return the folder with what is needed."""
    folder = cache / "-".join(("kernel", *_MODULES))
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    try:
        depends = subprocess.run(
            ["apt-cache", "depends", _KERNEL], check=True, capture_output=True, text=True
        ).stdout
        package = re.search(r"Depends: (linux-image-[0-9]\S*)", depends)
        if package is None:
            raise MachineError(f"apt knows no package {_KERNEL}. Run: sudo apt-get update")
        print(f"Fetching the kernel {package[1]} ...", flush=True)
        with tempfile.TemporaryDirectory(dir=cache) as made:
            place = Path(made)
            for work in (f"apt-get download -q=2 {package[1]}", "dpkg-deb -x *.deb unpacked"):
                subprocess.run(work, shell=True, cwd=place, check=True, stderr=subprocess.PIPE)
            unpacked, needed = place / "unpacked", place / "needed"
            needed.mkdir()
            next(unpacked.rglob("vmlinuz-*")).rename(needed / "vmlinuz")
            for number, (name, module) in enumerate(_modules(unpacked).items()):
                (needed / f"{number:02}-{name}").write_bytes(module)
            needed.rename(folder)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode().strip()
        raise MachineError(f"The kernel cannot be fetched: {error}\n{said}") from error
    except (OSError, StopIteration) as error:
        raise MachineError(f"The kernel cannot be fetched: {error!r}") from error
    return folder


def _modules(unpacked: Path) -> dict[str, bytes]:
    """Return the modules and all that they need, in the order in which they are loaded."""
    files = {
        path.name.partition(".ko")[0].replace("-", "_"): path for path in unpacked.rglob("*.ko*")
    }
    loaded: dict[str, bytes] = {}

    def load(name: str) -> None:
        if name in loaded or name not in files:  # what is no file is a part of the kernel itself
            return
        data = files[name].read_bytes()
        data = lzma.decompress(data) if files[name].suffix == ".xz" else data
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        for each in depends[1].decode().replace("-", "_").split(",") if depends else ():
            load(each)
        loaded[name] = data

    for name in _MODULES:
        load(name)
    return loaded


def _initramfs(kernel: Path, busybox: Path, command: Sequence[str]) -> bytes:
    modules = sorted(kernel.glob("[0-9]*"))
    load = [f"insmod /{path.name} {_MODULES.get(path.name[3:], '')}" for path in modules]
    init = _INIT.format(load="\n".join(load), results=RESULTS, command=shlex.join(command))
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        (root / "bin").mkdir()
        for path, name in ((busybox, "bin/busybox"), *((path, path.name) for path in modules)):
            shutil.copy(path, root / name)
        (root / "init").write_text(init)
        (root / "init").chmod(0o755)
        names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        return subprocess.run(
            [str(busybox), "cpio", "-o", "-H", "newc"], cwd=root, input=names.encode(),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
        ).stdout  # fmt: skip
