"""Makes the archive of classes that the embedded stores of tests map: its Java brings none, and reads each from a jar.

``python -m tests.class_archive`` makes it where it is missing. A JVM that it does not fit goes without.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path

import jpype

from graphmem import Memory, Settings
from tests.conftest import scripted
from tests.servers import JARS, JAVA, QUICK, class_archive
from tests.values import said

# As the store starts its JVM: an archive fits no other.
SAME = ("-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "--add-modules=jdk.incubator.vector")


def make(archive: Path) -> None:
    """Let a store note the classes that it loads while a memory is told and asked, and archive them."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        names, draft = Path(folder) / "names", Path(folder) / "archive"
        os.environ["JAVA_TOOL_OPTIONS"] = " ".join((*QUICK, f"-XX:DumpLoadedClassList={names}"))
        asyncio.run(_use(Settings(home=Path(folder) / "home", tenant="test")))
        del os.environ["JAVA_TOOL_OPTIONS"]
        # In the order in which the store's package names them.
        jars = [*JARS.glob("*.jar"), Path(jpype.__file__).resolve().parent.parent / "org.jpype.jar"]
        dumping = ("-Xshare:dump", f"-XX:SharedClassListFile={names}", f"-XX:SharedArchiveFile={draft}")
        command = [JAVA, *SAME, *dumping, "-cp", os.pathsep.join(map(str, jars))]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:
            draft.rename(archive)


async def _use(settings: Settings) -> None:
    async with Memory.open(settings, model=scripted()) as memory:
        for day, text in enumerate(("I live in Turin.", "We moved to Oslo last week!", "I have a cat, Miso."), 10):
            await memory.add(said(text, f"2024-06-{day}"), scope="ada")
        await memory.search("Where does Ada live?", scope="ada")
        await memory.history(scope="ada")
        await memory.verify(scope="ada")


if __name__ == "__main__" and not class_archive().exists():
    make(class_archive())
