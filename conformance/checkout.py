"""Writes the files of a tag of a git repository to a folder, without changing the repository."""
import os
import pathlib
import subprocess

LINK, FILE = "120000", ("100644", "100755")


def commit(repository, tag):
    """Returns the full commit id that `tag` names in the git directory or clone `repository`."""
    return git(repository, "rev-parse", "--verify", tag + "^{commit}").decode().strip()


def export(repository, tag, folder, skip=lambda path: False):
    """Writes the files of `tag` below `folder`, except those for which `skip(path)` holds.

    A partial clone may lack blobs: they are left out. Returns the number of files left out so.
    """
    entries = [entry for entry in listing(repository, tag) if not skip(entry["path"])]
    missing = 0
    for entry, content in zip(entries, blobs(repository, [entry["id"] for entry in entries])):
        if content is None:
            missing += 1
            continue
        target = pathlib.Path(folder, entry["path"])
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry["mode"] == LINK:
            target.symlink_to(content.decode())
        else:
            target.write_bytes(content)
            target.chmod(0o755 if entry["mode"] == FILE[1] else 0o644)
    return missing


def listing(repository, tag):
    """Returns mode, id and path of each file and symbolic link of `tag`."""
    rows = git(repository, "ls-tree", "-r", "-z", tag).decode().split("\0")
    entries = []
    for row in filter(None, rows):
        about, path = row.split("\t", 1)
        mode, _, identity = about.split()
        if mode == LINK or mode in FILE:
            entries.append({"mode": mode, "id": identity, "path": path})
    return entries


def blobs(repository, identities):
    """Yields the content of each blob, or None for one that the repository lacks."""
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1"}
    command = ["git", "-C", str(repository), "cat-file", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        # Requests are small and answers are read at once, so that neither side waits for the other.
        for identity in identities:
            process.stdin.write(identity.encode() + b"\n")
            process.stdin.flush()
            yield read_blob(process)
        process.stdin.close()


def read_blob(process):
    """Returns the next answer of `git cat-file --batch`."""
    header = process.stdout.readline().split()
    if len(header) < 3:
        return None
    content = process.stdout.read(int(header[2]))
    process.stdout.read(1)
    return content


def git(repository, *arguments):
    """Returns what git prints for the repository."""
    return subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True).stdout
