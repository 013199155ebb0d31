"""The places a site can run at besides this machine, and the files that each of them takes.

Imports nothing: the build of the wheel runs this file to know what to put into it.
"""

_IMAGE = ("Dockerfile", ".dockerignore")

# Files and folders at the top of Portico's own repository: the one copy there is.
PLACES: dict[str, tuple[str, ...]] = {
    "docker": (*_IMAGE, "docker-compose.yml", "docker-compose-development.yml", "nginx"),
    "vagrant": (*_IMAGE, "Vagrantfile"),
    "cloud-init": (*_IMAGE, "cloud-init"),
    "systemd": ("systemd",),
}
CARRIED = tuple(sorted({name for names in PLACES.values() for name in names}))
