"""Which packages are installed, read from their metadata without importing them."""

from importlib import metadata

_NAMED = ("kerasrun", "tensorflow", "keras", "numpy")


def installed_packages() -> list[str]:
    """`name==version` of every installed distribution, sorted by name."""
    found = {dist.name: dist.version for dist in metadata.distributions() if dist.name}
    return [f"{name}=={found[name]}" for name in sorted(found, key=str.lower)]


def main_versions() -> dict[str, str]:
    """The versions that matter most, by name; those not installed are left out."""
    return {name: version for name in _NAMED if (version := _version(name))}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
