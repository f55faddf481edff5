//! The wheel for pip: built by maturin, installed into an environment of its own, and used there as its
//! page says.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    emulator, fresh,
    program::{PROFILE, Program, flags},
};
use crate::{
    Outcome,
    files::{copy, list},
    install,
    interop::{PYTEST, PYTHON},
    shell,
};

const MATURIN: &str = "maturin==1.16.0";

/// Makes the wheel.
pub(super) fn build(program: &Program, out: &Path) -> Result<PathBuf, String> {
    let folder = shell::scratch("package").join("maturin");
    install::once(&folder, MATURIN, || {
        install::environment(&folder, "a wheel")?;
        shell::run(install::pip(&folder).arg(MATURIN))
    })?;
    let mut maturin = Command::new(install::program(&folder, "maturin"));
    maturin.args(["build", "--profile", PROFILE, "--target", &program.target, "--out"]).arg(out);
    maturin.arg("--manifest-path").arg(emulator().join("Cargo.toml"));
    shell::run(maturin.env("RUSTFLAGS", flags(&program.target)))?;
    let wheel =
        list(out)?.into_iter().find(|file| file.extension().is_some_and(|end| end == "whl"));
    wheel.ok_or_else(|| "maturin makes no wheel".to_owned())
}

/// Installs the wheel where nothing else is, and runs the tests of its page.
pub(super) fn try_out(wheel: &Path) -> Outcome {
    let folder = fresh("wheel")?;
    let venv = folder.join("venv");
    install::environment(&venv, "a wheel")?;
    shell::run(install::pip(&venv).arg("--no-index").arg(wheel))?;
    shell::run(Command::new(install::program(&venv, "queue-emulator")).arg("--version"))?;
    shell::run(install::pip(&venv).args([PYTHON, PYTEST]))?;
    for file in ["conftest.py", "test_jobs.py"] {
        copy(&emulator().join("quickstart/python").join(file), &folder.join(file))?;
    }
    let programs = install::program(&venv, "");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path)));
    let path = path.map_err(|error| error.to_string())?;
    shell::run(
        Command::new(install::program(&venv, "python"))
            .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
            .current_dir(&folder)
            .env("PATH", path),
    )
}
