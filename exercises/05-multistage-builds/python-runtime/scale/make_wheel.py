"""Makes a wheel of weigh.c for pip: compiled once, installed without a compiler. You need not change it."""

import subprocess
import sysconfig
import tempfile
import tomllib
import zipfile
from pathlib import Path


def build_wheel(folder, config_settings=None, metadata_directory=None):
    """Compile weigh.c, pack the module and its description, and return the wheel's name."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    name = f"{project['name']}-{project['version']}"
    module = f"weigh{sysconfig.get_config_var('EXT_SUFFIX')}"
    compiled = Path(tempfile.mkdtemp(), module)
    headers = sysconfig.get_path("include")
    subprocess.run(["gcc", "-shared", "-fPIC", f"-I{headers}", "weigh.c", "-o", compiled], check=True)
    python = f"cp{sysconfig.get_python_version().replace('.', '')}"
    tag = f"{python}-{python}-{sysconfig.get_platform().replace('-', '_')}"
    files = {
        f"{name}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n",
        f"{name}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: make_wheel\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    record = f"{name}.dist-info/RECORD"
    files[record] = "".join(f"{path},,\n" for path in [module, *files, record])
    with zipfile.ZipFile(Path(folder, f"{name}-{tag}.whl"), "w") as wheel:
        wheel.write(compiled, module)
        for path, text in files.items():
            wheel.writestr(path, text)
    return f"{name}-{tag}.whl"
