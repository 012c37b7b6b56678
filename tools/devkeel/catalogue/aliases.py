"""Other names of services and languages: what people call them, and how devenv does."""

from __future__ import annotations

__all__ = ["group_names"]

_GROUPS: dict[str, tuple[str, ...]] = {
    "postgresql": ("postgres",),
    "psql": ("postgres",),
    "pg": ("postgres",),
    "mongo": ("mongodb",),
    "mariadb": ("mysql",),
    "elastic": ("elasticsearch",),
    "es": ("elasticsearch",),
    "rabbit": ("rabbitmq",),
    "amqp": ("rabbitmq",),
    "memcache": ("memcached",),
    "s3": ("minio",),
    "smtp": ("mailpit", "mailhog"),
    "mail": ("mailpit", "mailhog"),
    "dynamodb": ("dynamodb-local",),
    "valkey": ("redis",),
    "node": ("javascript",),
    "nodejs": ("javascript",),
    "npm": ("javascript",),
    "js": ("javascript",),
    "ts": ("typescript",),
    "golang": ("go",),
    "py": ("python",),
    "python3": ("python",),
    "rb": ("ruby",),
    "rs": ("rust",),
    "cargo": ("rust",),
    "hs": ("haskell",),
    "jvm": ("java",),
    "jdk": ("java",),
    "csharp": ("dotnet",),
    "cpp": ("cplusplus",),
    "c++": ("cplusplus",),
    "cxx": ("cplusplus",),
    "tf": ("terraform",),
    "tofu": ("opentofu",),
    "bash": ("shell",),
    "sh": ("shell",),
    "latex": ("texlive",),
    "tex": ("texlive",),
    "pre-commit": ("git-hooks",),
    "environment": ("env",),
    "shellHook": ("enterShell",),
    "buildInputs": ("packages",),
    "nativeBuildInputs": ("packages",),
    "shell": ("enterShell",),
    "command": ("exec",),
    "cmd": ("exec",),
    "run": ("exec",),
    "script": ("exec", "scripts"),
    "process": ("processes",),
    "service": ("services",),
    "language": ("languages",),
    "lang": ("languages",),
    "langs": ("languages",),
    "task": ("tasks",),
    "enabled": ("enable",),
}


def group_names(name: str) -> tuple[str, ...]:
    """Return how devenv calls what people call `name`; empty when there is no other name."""
    return _GROUPS.get(name, ())
