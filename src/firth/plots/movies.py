"""Pictures in a row, written as GIF or MP4.

GIF through Pillow, with one palette for all pictures; MP4 through the ffmpeg program, which gets raw pictures through a
pipe. The one place that runs another program; it is never given a shell.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import numpy as np

from firth import theme
from firth.arrays import UInt8
from firth.errors import MissingExtraError, OptionError, RunError
from firth.files import atomic_path

SUFFIXES = (".gif", ".mp4")
_APART = 12  # of 255; Pillow finds the nearest colour only about so exactly


def check_movie(path: str | Path) -> Path:
    """Return the path of an animation to be written, if its format is known and what writes it is there.

    Raises
    ------
    OptionError
        If it ends in neither ``.gif`` nor ``.mp4``.
    MissingExtraError
        If it ends in ``.mp4`` and there is no ffmpeg.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise OptionError(f"an animation's name must end in .gif or .mp4, got {target.name!r}.")
    if target.suffix.lower() == ".mp4":
        find_ffmpeg()
    return target


def find_ffmpeg() -> str:
    """Return the path of the ffmpeg program: the system's, or that of the package imageio-ffmpeg.

    Raises
    ------
    MissingExtraError
        If there is neither.
    """
    found = shutil.which("ffmpeg")
    if found is not None:
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise MissingExtraError("an .mp4 (a .gif does not)", "ffmpeg (apt install ffmpeg) or", "video") from error


def make_palette(pictures: Sequence[UInt8], colors: Sequence[str], *, n_steps: int, n_colors: int) -> UInt8:
    """Return (n, 3) uint8, n <= n_colors <= 256: colours for a GIF of such pictures.

    Parameters
    ----------
    pictures
        Each (rows, columns, 3) uint8, all as wide; what is common in them gets most of the palette.
    colors
        Colours that must be there however rare they are, as ``#rrggbb``, and so many steps to each from the paper.
    """
    from PIL import Image

    ends = np.array([list(bytes.fromhex(color[1:])) for color in (*colors, theme.INK)], dtype=np.float64)
    paper = np.array(list(bytes.fromhex(theme.PAPER[1:])), dtype=np.float64)
    share = np.linspace(0, 1, n_steps + 1)[:, None, None]
    own = np.unique(np.rint(share * ends + (1 - share) * paper).astype(np.int64).reshape(-1, 3), axis=0)[:n_colors]
    stacked = Image.fromarray(np.concatenate(pictures))
    reduced = stacked.quantize(n_colors, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    others = np.array(reduced.getpalette(), dtype=np.int64).reshape(-1, 3)[:n_colors]
    # Close to one of the legend's, another would only make its discs uneven.
    is_far = np.abs(others[:, None] - own).max(axis=2).min(axis=1) > _APART
    return np.concatenate([own, others[is_far]])[:n_colors].astype(np.uint8)


def write_movie(pictures: Iterable[UInt8], path: Path, *, palette: UInt8, fps: int, hold_s: float) -> None:
    """Write pictures, atomically.

    Parameters
    ----------
    pictures
        Each (rows, columns, 3) uint8, all alike in shape.
    path
        Ends in ``.gif`` or ``.mp4``.
    palette
        (n_colors, 3) uint8, up to 256: the colours of a GIF; each pixel gets the nearest.
    fps
        Pictures per second, 1 to 50.
    hold_s
        For how long the last picture stands, in seconds.

    Raises
    ------
    RunError
        If the file cannot be written, or ffmpeg fails.

    Notes
    -----
    Same pictures, same bytes, for a GIF; for an MP4 with the same ffmpeg.
    """
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".gif":
            _write_gif(pictures, temporary, palette, fps, hold_s)
        else:
            _write_mp4(pictures, temporary, fps, hold_s)


def _write_gif(pictures: Iterable[UInt8], path: Path, palette: UInt8, fps: int, hold_s: float) -> None:
    from PIL import Image

    table = Image.new("P", (1, 1))
    # Unused places repeat the first colour.
    table.putpalette(np.concatenate([palette, np.repeat(palette[:1], 256 - len(palette), axis=0)]).tobytes())

    def reduced() -> Iterator[Image.Image]:
        for picture in pictures:
            # Without dithering: its noise would make the file three times as large.
            yield Image.fromarray(picture).quantize(palette=table, dither=Image.Dither.NONE)

    images = list(reduced())  # a byte a pixel
    # GIF counts in hundredths of a second; each picture ends at the nearest to its time.
    ends = np.rint(np.arange(len(images) + 1) * 100 / fps).astype(np.int64) * 10
    durations = np.diff(ends)
    durations[-1] = max(10, round(hold_s * 100) * 10)
    with path.open("wb") as file:
        images[0].save(
            file,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            duration=durations.tolist(),
            loop=0,
            disposal=1,
            optimize=False,
        )


def _write_mp4(pictures: Iterable[UInt8], path: Path, fps: int, hold_s: float) -> None:
    remaining = iter(pictures)
    last = next(remaining)
    rows, columns = last.shape[:2]
    command = [find_ffmpeg(), "-y", "-loglevel", "error", "-f", "rawvideo", "-pixel_format", "rgb24"]
    command += ["-video_size", f"{columns}x{rows}", "-framerate", str(fps), "-i", "-", "-an"]
    # Players want even sides and 4:2:0.
    command += ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white", "-pix_fmt", "yuv420p", "-c:v", "libx264"]
    command += ["-crf", "20", "-preset", "medium", "-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
    command += ["-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4", str(path)]
    with _running(command) as pipe:
        pipe.write(last.tobytes())
        for last in remaining:
            pipe.write(last.tobytes())
        for _ in range(round(hold_s * fps) - 1):
            pipe.write(last.tobytes())


@contextmanager
def _running(command: list[str]) -> Iterator[IO[bytes]]:
    """Return a context that gives the program's input; it is closed and waited for at the end, or ended on an error."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if process.stdin is None or process.stderr is None:
        raise RunError("ffmpeg has no pipe to write to.")
    try:
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended early, and says why
        said = process.stderr.read().decode(errors="replace").strip()
        if process.wait():
            raise RunError(f"ffmpeg could not write the video: {said.splitlines()[-1] if said else 'no reason given'}.")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stderr.close()
