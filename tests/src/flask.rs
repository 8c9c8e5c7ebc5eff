//! Applications on the real Flask and Flask-Session.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::port;
use crate::process::Process;
use crate::storage::Fixture;

/// A running Flask application.
pub struct Flask {
    port: u16,
    process: Process,
}

impl Flask {
    /// Starts the twin of the probe; `config` holds Flask's keys with typed values.
    pub fn probe(engine: &dyn Fixture, config: &Value) -> Flask {
        Flask::configured("probe.py", engine, config)
    }

    /// The same with our Python package in the place of Flask-Session.
    pub fn companion(engine: &dyn Fixture, config: &Value) -> Flask {
        Flask::with_engine("probe.py", engine, config, &[("PROBE_ENGINE", "companion".to_owned())])
    }

    /// Starts an application of `tests/flask` that is configured as the twin of the probe.
    pub fn configured(script: &str, engine: &dyn Fixture, config: &Value) -> Flask {
        Flask::with_engine(script, engine, config, &[])
    }

    /// `chosen` goes before what the store says.
    fn with_engine(
        script: &str,
        engine: &dyn Fixture,
        config: &Value,
        chosen: &[(&'static str, String)],
    ) -> Flask {
        let mut environment = vec![("PROBE_CONFIG", config.to_string())];
        environment.extend(engine.environment());
        environment.extend_from_slice(chosen);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("flask").join(script);
        Flask::start(&script, "PROBE_PORT", &environment)
    }

    /// Starts any Flask application that listens on the port which the variable `port_variable` names.
    pub fn start(script: &Path, port_variable: &str, environment: &[(&str, String)]) -> Flask {
        let port = port::free_port();
        let mut command = Command::new(python());
        command.arg(script).env(port_variable, port.to_string());
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        // No compiled files beside the sources, and no output that is lost in a buffer.
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        // Our Python package is not installed there: what is tested is what stands in the checkout.
        command.env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/../flask-companion/src"));
        let mut process = Process::start(command, INSTALL);
        process.wait_until("ready", |_| port::answers(port));
        Flask { port, process }
    }

    /// The address without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Everything the application has printed.
    pub fn output(&self) -> String {
        self.process.output()
    }
}

/// The output of the script `name` of `tests/flask`. Its failure, told on its standard error, fails the test.
pub fn script(name: &str, arguments: &[String]) -> String {
    let mut command = Command::new(python());
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("flask").join(name)).args(arguments);
    // The order of a set of texts depends on chance otherwise.
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONHASHSEED", "0").stderr(Stdio::inherit());
    let output = command.output().unwrap_or_else(|error| panic!("{error}; install Python with: {INSTALL}"));
    assert!(output.status.success(), "{name} ended with {}", output.status);
    String::from_utf8(output.stdout).expect("output in UTF-8")
}

const INSTALL: &str = "python3 -m venv tests/.venv && tests/.venv/bin/pip install -r tests/flask/requirements.txt (scripts/test.sh does it)";

fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python")
}
