"""The lines of the screen of a training: run, train, eval, export, done."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_FIRST = ("loss", "accuracy")


def number(value: float | None) -> str:
    """Four significant digits.

    >>> number(0.08104), number(1234.5678), number(None)
    ('0.08104', '1,235', '-')
    """
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def ordered_tags(tags: Sequence[str]) -> list[str]:
    """Loss and accuracy first, the others as they come.

    >>> ordered_tags(["mae", "accuracy", "loss"])
    ['loss', 'accuracy', 'mae']
    """
    return [tag for tag in _FIRST if tag in tags] + [tag for tag in tags if tag not in _FIRST]


def metrics_text(metrics: Mapping[str, float | None]) -> str:
    """`loss 0.081  accuracy 0.975`."""
    return "  ".join(f"{tag} {number(metrics[tag])}" for tag in ordered_tags(list(metrics)))


def duration(seconds: float) -> str:
    """A time for people.

    >>> duration(9.14), duration(75), duration(3725)
    ('9.1 s', '1:15', '1:02:05')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, secs = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def run_line(folder: Path, record: Mapping[str, Any]) -> str:
    """What is run: the id, the model file, where the code stands, the seed if it is known."""
    parts = [folder.name, Path(record["model"]["file"]).name]
    git = record.get("git")
    if git:
        parts.append(git_text(git))
    if record.get("seed"):
        parts.append(f"seed {record['seed']['value']}")
    return "run     " + "   ".join(parts)


def git_text(git: Mapping[str, Any]) -> str:
    """`git 51062775* (diff kept)`."""
    return f"git {git['commit'][:8]}" + ("* (diff kept)" if git["dirty"] else "")


def train_text(event: Mapping[str, Any]) -> str:
    """Metrics, speed, and the time that is left."""
    parts = [metrics_text(event["metrics"])]
    if rate := event.get("steps_per_sec"):
        parts.append(f"{number(rate)} steps/s")
        if event.get("max_steps") and event["max_steps"] > event["step"]:
            parts.append(f"eta {duration((event['max_steps'] - event['step']) / rate)}")
    return "   ".join(part for part in parts if part)


def train_line(event: Mapping[str, Any]) -> str:
    """`train   400/1,000 40%   loss 0.3`."""
    step, end = event["step"], event.get("max_steps")
    how_far = f"{step:,}/{end:,} {100 * step // end}%" if end else f"step {step:,}"
    return f"train   {how_far}   {train_text(event)}"


def eval_line(event: Mapping[str, Any]) -> str:
    """`eval    step 1,000   loss 0.079`; named evaluations say their name."""
    name = f" {event['name']}" if event.get("name") else ""
    return f"eval{name} ".ljust(8) + f"step {event['step']:,}   {metrics_text(event['metrics'])}"


def export_line(folder: Path, event: Mapping[str, Any]) -> str:
    """Where the export lies, and that it was asked."""
    path = Path(event["path"])
    shown = path.relative_to(folder) if path.is_relative_to(folder) else path
    if not event["examples"]:
        return f"export  {shown}"
    difference = number(event["difference"]) if event["difference"] else "0.0"
    return (
        f"export  {shown}   answers as evaluated ({event['examples']} examples, "
        f"largest difference {difference})"
    )


def done_line(folder: Path, seconds: float, *, exported: bool = False) -> str:
    """How long it took, and what to do next."""
    verbs = ("tensorboard", "show", "serve") if exported else ("tensorboard", "show")
    commands = " · ".join(f"mlrun {verb} {folder.name[-4:]}" for verb in verbs)
    return f"done    in {duration(seconds)}   {commands}"
