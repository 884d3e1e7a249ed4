"""A machine in software, with Debian's kernel and its drivers, that runs one command.

The machine sees the host's files, read-only and under the same paths, and one folder for results.
It needs `qemu-system-x86`, `busybox-static` and the packages of the kernel; `make test-webcam`
installs the first two. Nothing runs under KVM, so that it works in a container or a virtual machine
too; the processor is some ten to twenty times slower than the host's.
"""

from __future__ import annotations

import lzma
import re
import shlex
import shutil
import subprocess
import sys
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
_FOLDERS = "/run/tmp /run/home /run/results"

_INIT = """\
#!/bin/busybox sh
PATH=/bin
for name in mount mkdir insmod poweroff chroot cat; do busybox ln -s busybox /bin/$name; done
mkdir -p /proc /root
mount -t proc proc /proc
{load}
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=524288 root /root
mount -t proc proc /root/proc
mount -t sysfs sysfs /root/sys
mount -t devtmpfs devtmpfs /root/dev
mount -t tmpfs -o mode=755 tmpfs /root/run
for folder in {folders}; do mkdir -p /root$folder; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288 results /root/run/results
chroot /root /bin/sh -c {command}
echo $? > /root/run/results/rc
busybox sync
poweroff -f
"""


class MachineError(Exception):
    """The machine cannot be made or did not run the command to its end; says why."""


def run(command: Sequence[str], results: Path, *, cache: Path, limit_s: float) -> int:
    """Run a command in the machine and return its exit code; what it prints is printed here.

    Args:
        command: Program and arguments, as on the host; it runs as root in the folder `/`.
        results: Folder that the machine sees as `RESULTS`.
        cache: Folder in which kernel and modules are kept between runs.
        limit_s: How long the machine may run.

    Raises:
        MachineError: If it cannot be made, or does not end in time.
    """
    qemu, busybox = shutil.which("qemu-system-x86_64"), shutil.which("busybox")
    if qemu is None or busybox is None:
        raise MachineError("The packages qemu-system-x86 and busybox-static are needed.")
    kernel = _kernel(cache)
    image = cache / "initramfs"
    image.write_bytes(_initramfs(kernel, Path(busybox), command))
    (results / "rc").unlink(missing_ok=True)
    share = "security_model=none,multidevs=remap"
    arguments = [
        qemu, "-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "2G", "-nic", "none",
        "-display", "none", "-no-reboot", "-serial", "mon:stdio",
        "-kernel", str(next(kernel.glob("vmlinuz-*"))), "-initrd", str(image),
        "-append", "console=ttyS0 quiet panic=-1 mitigations=off",
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
    """Fetch Debian's kernel once, without installing it; return the folder of its files."""
    folder = cache / "kernel"
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    try:
        depends = subprocess.run(
            ["apt-cache", "depends", _KERNEL], check=True, capture_output=True, text=True
        ).stdout
        package = re.search(r"Depends: (linux-image-[0-9]\S*)", depends)
        if package is None:
            raise MachineError(f"apt knows no package {_KERNEL}: run apt-get update.")
        with tempfile.TemporaryDirectory(dir=cache) as made:
            for command in (
                ["apt-get", "download", "-qq", package[1]],
                ["sh", "-c", "dpkg-deb -x *.deb unpacked"],
            ):
                subprocess.run(command, cwd=made, check=True)
            flat = Path(made) / "flat"
            flat.mkdir()
            unpacked = Path(made) / "unpacked"
            for path in (*unpacked.rglob("vmlinuz-*"), *unpacked.rglob("*.ko*")):
                path.rename(flat / path.name)
            flat.rename(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MachineError(f"Debian's kernel cannot be fetched: {error}") from error
    return folder


def _initramfs(kernel: Path, busybox: Path, command: Sequence[str]) -> bytes:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        (root / "modules").mkdir()
        load = []
        for name, module in _modules(kernel).items():
            (root / "modules" / name).write_bytes(module)
            load.append(f"insmod /modules/{name} {_MODULES.get(name, '')}")
        (root / "bin").mkdir()
        shutil.copy(busybox, root / "bin" / "busybox")
        init = _INIT.format(
            load="\n".join(load), folders=_FOLDERS, command=shlex.quote(shlex.join(command))
        )
        (root / "init").write_text(init)
        (root / "init").chmod(0o755)
        names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        return subprocess.run(
            [str(busybox), "cpio", "-o", "-H", "newc"], cwd=root, input=names.encode(),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
        ).stdout  # fmt: skip


def _modules(kernel: Path) -> dict[str, bytes]:
    """Return the modules and all that they need, in the order in which they are loaded."""
    files = {path.name.partition(".ko")[0].replace("-", "_"): path for path in kernel.iterdir()}
    loaded: dict[str, bytes] = {}

    def load(name: str) -> None:
        if name in loaded or name not in files:  # what is no file is in the kernel
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


if __name__ == "__main__":
    sys.exit(run(sys.argv[3:], Path(sys.argv[1]), cache=Path(sys.argv[2]), limit_s=560))
