#!/usr/bin/python3
"""Makes the stand-in one executable file, as k3s is one: build.py OUT VERSION. The same input gives the same bytes."""

import os
import py_compile
import sys
import tempfile
import zipfile

OUT, VERSION = sys.argv[1:3]
HERE = os.path.dirname(os.path.abspath(__file__))
WHEN = (2000, 1, 1, 0, 0, 0)

with open(OUT, "wb") as file:
    file.write(b"#!/usr/bin/python3 -I\n")
with zipfile.ZipFile(OUT, "a", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as scratch:

    def add(name, data):
        archive.writestr(zipfile.ZipInfo(name, WHEN), data, zipfile.ZIP_DEFLATED)

    add("__main__.py", "from standin.main import main\nmain()\n")
    add("standin/VERSION", VERSION)
    for name in sorted(os.listdir(os.path.join(HERE, "standin"))):
        if name.endswith(".py"):
            path = os.path.join(HERE, "standin", name)
            compiled = os.path.join(scratch, name + "c")
            py_compile.compile(path, compiled, f"standin/{name}", doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
            with open(path, "rb") as source, open(compiled, "rb") as code:
                add("standin/" + name, source.read())
                add("standin/" + name + "c", code.read())
os.chmod(OUT, 0o755)
